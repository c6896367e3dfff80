"""What an assistant is told before a conversation: its own words, or a persona's."""

from db.base import AnyRow
from services.inference.runtimes.chat.system_prompt import filled_in
from services.manifests.manifest import Manifest


def system_prompt(manifest: Manifest, persona: str | None, customer: AnyRow) -> str:
    """`customer`: name, gender, age and language; of these, only what the words ask for is told."""
    spec = manifest.runtime
    own = getattr(spec, "system", None)
    template = persona if persona is not None else "" if own is None else own.pick(customer.language)
    facts = {
        "name": customer.first_name,
        "gender": customer.gender,
        "age": None if customer.age is None else str(customer.age),
    }
    return filled_in(template, facts)
