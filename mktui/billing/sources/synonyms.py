"""What others call our fields: a guess at which field a column is. It is only ever offered, never used unseen. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from mktui.billing.sources.rows import SECRET_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mktui.billing.sources.rows import What

_ODD: Final = re.compile(r"[^a-z0-9]+")

_SUBSCRIBER: Final = {
    "external_id": "id customer_id client_id account_id account_number contract contract_number kundennummer kunden_nr"
    " id_cliente codigo_cliente codigo numero_client id_client codice_cliente id_pelanggan",
    "username": "login login_name user_name pppoe_user pppoe_username pppoe_name hotspot_user user usuario"
    " nombre_de_usuario usuario_pppoe benutzer benutzername nutzer utilisateur nom_d_utilisateur identifiant utente"
    " nome_utente utilizador customer_name customer client_name client name kundenname kunde cliente nombre nome nama"
    " nama_pelanggan pelanggan",
    "password": "pass pw pwd passwd secret user_password pppoe_password pppoe_pass clave contrasena contrasenia senha"
    " passwort kennwort mot_de_passe mdp parola parola_d_ordine sandi kata_sandi pin",
    "profile": "plan plan_name package package_name paket nama_paket paket_internet tarif tariff tarifa product produkt"
    " producto produto plano pacote perfil profil forfait abonnement piano group group_name gruppe subscription",
    "valid_until": "expiry expires expires_on expiry_date expiration expiration_date expire end_date paid_until"
    " valid_to due_date vencimiento fecha_vencimiento fecha_de_vencimiento vencimento data_vencimento ablauf"
    " ablaufdatum gueltig_bis bezahlt_bis echeance date_d_expiration scadenza data_scadenza jatuh_tempo masa_aktif",
    "status": "state estado zustand statut stato situacao situacion",
    "static_ip": "ip ip_address static_address fixed_ip remote_address ip_fija ip_fijo ip_fixo direccion_ip endereco_ip"
    " feste_ip ip_fixe adresse_ip indirizzo_ip alamat_ip",
    "mac": "mac_address caller_id calling_station_id direccion_mac endereco_mac mac_adresse adresse_mac",
    "routers": "router router_name nas nas_name mikrotik site",
    "kind": "type connection_type service_type tipo typ art",
    "ppp_service": "service ppp_service_name",
    "hotspot_server": "server hotspot",
    "quota_bytes": "quota data_limit data_cap limit_bytes_total",
    "quota_uptime_s": "limit_uptime time_limit",
    "comment": "comments note notes remark remarks bemerkung notiz comentario observaciones observacoes nota keterangan"
    " catatan full_name customer_name kundenname name nombre nome nama nama_pelanggan",
}  # fmt: skip
_PROFILE: Final = {
    "external_id": "id plan_id package_id code codigo id_paket",
    "name": "plan plan_name package package_name paket nama_paket profile profile_name tarif tariff product produkt"
    " nombre nome nom nama bezeichnung",
    "rate_down_bps": "download download_speed down down_speed downstream max_download rate_down bajada descarga"
    " velocidad_bajada velocidad_de_bajada velocidade_download telechargement debit_descendant scaricamento",
    "rate_up_bps": "upload upload_speed up up_speed upstream max_upload rate_up subida velocidad_subida"
    " velocidad_de_subida velocidade_upload envoi debit_montant caricamento",
    "price": "cost fee monthly_fee amount preis precio preco prix prezzo harga",
    "kind": "type tipo typ art",
    "pool": "ip_pool address_pool remote_address",
    "rate_limit_raw": "rate_limit",
    "session_timeout_s": "session_timeout",
    "idle_timeout_s": "idle_timeout",
    "shared_sessions": "shared_users",
    "validity_s": "validity duration duracion duracao dauer duree durata masa_aktif",
    "enabled": "active activo ativo aktiv actif attivo aktif",
}  # fmt: skip


def _plain(name: str) -> str:
    """Return a name without case, accents, blanks and signs: ``Contraseña`` and ``contrasena`` are one."""
    spread = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace("ü", "ue"))
    return _ODD.sub("", "".join(letter for letter in spread if not unicodedata.combining(letter)))


def _compared(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {field: tuple(_plain(word) for word in words.split()) for field, words in table.items()}


_KNOWN: Final[dict[What, dict[str, tuple[str, ...]]]] = {
    "profile": _compared(_PROFILE), "subscriber": _compared(_SUBSCRIBER),
}  # fmt: skip
_SECRETS: Final = frozenset(word for field in SECRET_FIELDS for word in (_plain(field), *_KNOWN["subscriber"][field]))


def guessed(unknown: Iterable[str], what: What, taken: Iterable[str]) -> dict[str, str]:
    """Return column -> field for columns that are called as others call a field.

    A field goes to the column whose name says it best, and once: ``Login`` before ``Customer name``. ``taken``: fields
    that are given away already.
    """
    left = {name: _plain(name) for name in unknown}
    used, found = set(taken), {}
    for field, words in _KNOWN[what].items():
        fitting = [(words.index(plain), name) for name, plain in left.items() if plain in words]
        if fitting and field not in used:
            _, name = min(fitting)
            found[name] = field
            used.add(field)
            del left[name]
    return found


def is_known(name: str, what: What) -> bool:
    """Say whether anybody calls a field so."""
    plain = _plain(name)
    return any(plain in words for words in _KNOWN[what].values())


def is_secret(name: str) -> bool:
    """Say whether a column is called as passwords are: what is in it is not shown."""
    return _plain(name) in _SECRETS
