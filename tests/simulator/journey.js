// The common journey of a client, by node-routeros: what it understood is printed as one JSON object.
const { RouterOSAPI } = require("node-routeros");

const [port, user, password] = process.argv.slice(2);
const seen = {};
const finish = () => {
  console.log(JSON.stringify(seen));
  process.exit(0);
};
process.on("uncaughtException", (error) => {
  seen.uncaught = String(error.message);
  finish();
});
const refused = (error) => ({ refused: String(error.message) });

async function journey() {
  const api = new RouterOSAPI({ host: "127.0.0.1", port: Number(port), user, password, timeout: 5 });
  try {
    await api.connect();
  } catch (error) {
    Object.assign(seen, refused(error));
    return;
  }
  seen.found = await api.write("/ppp/secret/print", ["?name=ana-01", "=.proplist=name,profile"]);
  seen.either = await api.write("/ppp/secret/print", ["?name=ana-01", "?name=luis-01", "?#|", "=.proplist=name"]);
  seen.several = (await Promise.all([1, 2, 3, 4].map(() => api.write("/ppp/secret/print")))).map((rows) => rows.length);
  const [{ ret }] = await api.write("/ppp/secret/add", ["=name=foreign", "=profile=gold", "=comment=a=b c"]);
  await api.write("/ppp/secret/set", [`=.id=${ret}`, "=disabled=yes"]);
  seen.written = await api.write("/ppp/secret/print", [`?.id=${ret}`, "=.proplist=name,profile,comment,disabled"]);
  seen.twice = await api.write("/ppp/secret/add", ["=name=foreign"]).catch(refused);
  seen.unknown = await api.write("/ppp/secret/add", ["=name=x", "=colour=red"]).catch(refused);
  await api.write("/ppp/secret/remove", [`=.id=${ret}`]);
  seen.gone = await api.write("/ppp/secret/remove", [`=.id=${ret}`]).catch(refused);
  const heard = [];
  const stream = api.stream(["/ppp/secret/listen"], (error, row) => row && heard.push(row.name));
  await new Promise((done) => setTimeout(done, 200));
  await api.write("/ppp/secret/add", ["=name=listened"]);
  await new Promise((done) => setTimeout(done, 200));
  await stream.stop();
  seen.heard = heard;
  seen.none = await api.write("/ppp/secret/print", ["?name=nobody"]);
  await api.close();
}
journey()
  .catch((error) => Object.assign(seen, refused(error)))
  .then(finish);
