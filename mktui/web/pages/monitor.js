// Keys go to the terminal from the first moment on, and again when somebody comes back to this page.
const listen = () => document.querySelector(".xterm-helper-textarea")?.focus();
addEventListener("load", listen);
addEventListener("focus", listen);
