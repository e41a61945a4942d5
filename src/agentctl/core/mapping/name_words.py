"""Cuts a name into words, and gives the words meanings.

To teach agentctl a word, add it to a line of MEANINGS. A meaning covers the many words that people use for
one thing; column_clues.py says which meanings a column needs for a part. Nothing here looks at a database.
"""

import re
from collections.abc import Mapping
from functools import cache

_ONES = {"people": "person", "persons": "person", "children": "child", "men": "man"}

MEANINGS: Mapping[str, frozenset[str]] = {
    meaning: frozenset(words.split())
    for meaning, words in {
        "filler": "a an the of for in to by on at is has was it with this that p v i arg par param flag soft",
        # Money.
        "unit": "credit token coin point unit fund quota gem allowance money energy gold diamond kredit "
        "credito moneda ficha jeton punto ponto guthaben",
        "left": "balance remaining available left usable spendable unspent unused remainder saldo bal "
        "residual residue disponible restante restant solde kontostand",
        "now": "current now cur curr",
        "count": "amount amt num quantity qty total count sum number value volume much cnt betrag monto "
        "importe cantidad quantia valor montant",
        "sum": "amount amt betrag monto importe quantia valor montant value",
        "store": "wallet account purse pocket bank vault stored prepaid acct",
        "price": "price cost fee rate tariff pricing charge prc toll levy fare costo coste kosten "
        "preis prix precio preco prezzo msrp entgelt honorar tarif "
        "tarifa gebuehr",
        "need": "required needed need necessary require req demanded",
        "plain": "base standard regular flat fixed list retail sell selling net gross nominal",
        "change": "change delta diff difference movement moved signed adjustment adj chg",
        "take": "deduct use spend consume charge debit withdraw take pay reduce subtract decrement burn "
        "redeem drain bill deplete utilize expend gasto consumo verbrauch",
        "taken": "deducted used spent consumed charged debited withdrawn taken paid reduced billed "
        "depleted utilized expended",
        "give": "add grant give refund increment topup award deposit restore return reward credit issue",
        "after": "after new resulting running closing then final",
        "before": "before old previous opening prior",
        "held": "reserved held frozen locked hold reserve blocked escrow pending",
        "portion": "expiring permanent monthly daily weekly free paid bonus promo gift rollover loyalty "
        "referral",
        "currency": "usd eur gbp dollar euro cent currency",
        "tax": "tax vat discount commission share tip",
        "limit": "limit max maximum min minimum cap ceiling threshold",
        "bought": "purchased bought earned lifetime granted received",
        # People.
        "person": "user usr profile account customer client member person owner buyer subscriber player "
        "learner consumer human patron participant holder payer people guest student who whom cust acct "
        "usuario cliente kunde nutzer benutzer utilisateur shopper viewer fan visitor registrant teammate "
        "licensee pupil trainee attendee reader",
        "mail": "email mail",
        "contact": "contact primary login e main billing",
        # What is for sale.
        "agent": "agent bot assistant workflow tool automation flow skill copilot playbook recipe "
        "expert worker persona specialist ai n8n wf robot plugin capability blueprint gig extension addon "
        "agente werkzeug outil herramienta ferramenta",
        "product": "app product service model prompt template gpt",
        "name": "name title label headline heading caption nm titel titulo titre nombre nom nome "
        "bezeichnung designation",
        "shown": "display public full friendly visible human tool tile ui",
        "hook": "webhook hook callback trigger endpoint",
        "link": "url uri",
        "address": "address addr link",
        "aim": "target invoke call invocation",
        "slug": "slug permalink shortcode handle alias codename",
        "short": "short url unique human",
        "technical": "machine sys",
        "about": "description about summary blurb intro introduction overview text bio tagline detail "
        "descr desc synopsis abstract explanation descripcion beschreibung",
        "long": "long short what does do",
        "sort": "category topic segment genre group section area department cat",
        "open": "active enabled live visible available published listed shown displayed switched sale "
        "service released launched activated runnable usable callable executable purchasable buyable "
        "sellable salable orderable operational operative functional deployed unlocked aktiv activo actif "
        "ativo habilitado publicado",
        "shut": "internal testing hidden disabled inactive suspended blocked draft paused unlisted offline "
        "private stopped halted closed banned off maintenance inaktiv inactivo oculto gesperrt",
        "cleared": "approved accepted",
        "vetted": "reviewed verified moderated",
        "offered": "public online ready open",
        "gone": "deleted removed archived retired trashed withdrawn discontinued destroyed deactivated "
        "tombstone deprecated obsolete sunset erased purged scrapped delisted terminated dropped pulled "
        "voided del eliminado borrado geloescht supprime removido",
        "form": "form input question field parameter param inputs questionnaire variable intake formulario "
        "formular",
        "shape": "schema definition spec specification json config layout structure",
        "platform": "platform integration connector connection",
        # What was run.
        "run": "execution run invocation job task call exec render play dispatch inference delivery "
        "ejecucion ausfuehrung",
        "errand": "launch generation attempt request activation session process fulfilment work item "
        "order usage operation conversion inference ticket trigger event submission completion query "
        "prediction",
        "status": "status state stage phase progress lifecycle condition stat estado zustand etat statut "
        "estatus",
        "given": "input question submitted given prompt parameter payload request body inputs form",
        "data": "data value content json text payload body",
        "result": "result output out answer reply response generated produced outcome completion "
        "outputs resp",
        "error": "error failure problem fault exception wrong went failed err",
        "message": "message text reason detail details info what",
        "key": "id key ref fk uuid no reference identifier code guid pk number",
        "once": "idempotency idempotent dedupe dedup deduplication once",
        # Times.
        "born": "created made inserted added logged recorded ordered queued requested submitted placed "
        "booked posted occurred happened entry entered registered issued create creation launched crt "
        "opened enqueued initiated triggered raised erstellt angelegt creado criado cree",
        "begun": "started begin began start begun kicked launched off beginning picked claimed kickoff",
        "ended": "completed finished ended end done closed settled wrapped up finish completion stopped "
        "fin resolved delivered finalized",
        "changed": "updated modified changed touched edited altered update change upd mod refreshed "
        "revised amended actualizado geaendert",
        "time": "time date timestamp at datetime when ts dt stamp fecha datum zeitpunkt hora",
        # The ledger.
        "ledger": "ledger transaction history log movement entry posting journal statement line record "
        "event register book audit txn trx tx",
        "kind": "type kind class nature category event action operation direction typ",
        "code": "code",
        "note": "note msg desc remark memo comment description narrative explanation text reason why "
        "detail label purpose info descr",
        "meta": "metadata meta ctx props extra data context details info payload json more",
        # What has its own purpose, and none of these.
        "payment": "purchase payment invoice payout checkout subscription plan package coupon voucher",
        "measure": "version position rank retry login rating seat size length duration ms second minute "
        "hour age index priority level weight year day month percent score view download attempt sort stars "
        "like follower favorite favourite bookmark vote upvote install karma xp streak popularity "
        "reputation latitude longitude altitude lat lng stock inventory slot capacity step sequence seq "
        "stop",
        "picture": "avatar image photo icon logo thumbnail cover banner picture",
        "place": "locale country city timezone zone language ip region lang agent_string",
        "secret": "password hash secret salt api refresh encrypted token_hash otp",
        "trait": "newsletter beta trial admin featured premium system default template staff test demo "
        "official nsfw adult sensitive explicit pinned sticky recommended trending popular promoted "
        "sponsored highlighted exclusive experimental preview alpha certified trusted vip anonymous shared "
        "editable searchable indexable shareable downloadable refundable taxable",
        "foreign": "stripe referral team campaign device trace group organization org tenant workspace "
        "parent",
        "seen": "seen synced reviewed billing expire expires next last",
        "docs": "doc docs documentation home homepage website repo github terms privacy support",
        "settings": "setting preference flag option raw",
        # What an agent can do, what a person has agreed to, how a model is set, what somebody earns.
        "ability": "show allow allowed support supported can must should auto include send notify "
        "notification alert track tracked enforce skip keep save cache cached stream streaming debug mock "
        "sandbox verbose async realtime",
        "consent": "consent opt opted optin agreed agree gdpr marketing privacy unsubscribed subscribed",
        "knob": "temperature penalty seed turn iteration depth concurrency batch chunk window timeout delay "
        "interval frequency quality precision confidence accuracy width height ratio offset epoch port "
        "thread",
        "earning": "revenue income earning turnover margin profit payout royalty",
        "since": "since",
        "down": "down",
    }.items()
}


@cache
def split_name(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case and in the singular: `credit`, `left` for `CreditsLeft`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    numbered = (word.rstrip("0123456789") for word in re.findall(r"[^\W_]+", snake))
    joined = (to_singular(word) for word in numbered if word)
    return tuple(word for words in map(_cut_joined, joined) for word in words)


def _cut_joined(word: str) -> tuple[str, ...]:
    """Cut an unknown word into two known ones: `email`, `address` for `emailaddress`."""
    if list_meanings(word):
        return (word,)
    halves = ((word[:cut], word[cut:]) for cut in range(len(word) - 2, 2, -1))
    return next(
        (
            (to_singular(first), to_singular(rest))
            for first, rest in halves
            if list_meanings(to_singular(first)) and list_meanings(to_singular(rest))
        ),
        (word,),
    )


@cache
def to_singular(word: str) -> str:
    """Return a word in the singular."""
    if word in _ONES:
        return _ONES[word]
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")):
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word.removesuffix(plural) + singular
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return word[:-1]
    return word


def list_meanings(word: str) -> frozenset[str]:
    """Return the meanings of a word in the singular; none where it is unknown."""
    return _MEANINGS_OF.get(word, frozenset())


def _turn_around() -> Mapping[str, frozenset[str]]:
    """Return word -> its meanings."""
    meanings: dict[str, set[str]] = {}
    for meaning, words in MEANINGS.items():
        for word in words:
            meanings.setdefault(to_singular(word), set()).add(meaning)
    return {word: frozenset(meant) for word, meant in meanings.items()}


_MEANINGS_OF = _turn_around()


def is_filler(word: str) -> bool:
    """Whether a word says nothing about what a name means."""
    return "filler" in list_meanings(word)
