"""What was found in a photo, in words. All plain text: the caller escapes it."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from i18n.outputs import Answer, percent
from i18n.told import Told
from i18n.translator import Translator
from services.inference.palette import COLOURS, REST, SIGNED, ranked_shares
from services.manifests.manifest import BoxesOutput, MaskOutput

LISTED: Final = 8  # so many boxes are told one by one
KINDS: Final = 12


def found_words(output: BoxesOutput, answer: Mapping[str, Answer], tr: Translator) -> Told:
    """How many, and each with how sure the model is; of many, how many of each kind."""
    label, boxes = tr.pick(output.label), answer["boxes"]
    if not boxes:
        return Told(label=label, value=tr.gettext("nothing found"))
    value = tr.ngettext("{count} found", "{count} found", len(boxes), count=len(boxes))
    names = [tr.label(output.label_of(box.get("class", ""), tr.language)) for box in boxes]
    if len(boxes) <= LISTED:
        shares = [percent(box["score"], 0, tr) for box in boxes]
        listed = [f"{name} {share}".strip() for name, share in zip(names, shares, strict=True)]
    else:
        kinds = Counter(name for name in names if name).most_common()
        listed = [f"{name} × {count}" for name, count in kinds[:KINDS]] + ["…"] * (len(kinds) > KINDS)
    return Told(label=label, value=value, others=" · ".join(listed))


def mask_words(output: MaskOutput, answer: Mapping[str, Answer], tr: Translator) -> Told:
    """How much of the photo it is; of several classes, each with the sign of its colour."""
    label = tr.pick(output.label)
    if "share" in answer:
        share = answer["share"]
        value = (
            tr.gettext("{share} of the photo", share=percent(share, 0, tr)) if share else tr.gettext("nothing found")
        )
        return Told(label=label, value=value)
    found = ranked_shares(answer["shares"], background=output.background)
    if not found:
        return Told(label=label, value=tr.gettext("nothing found"))
    legend = []
    for rank, (value, share) in enumerate(found[:KINDS]):
        sign = "" if output.cutout else f"{(COLOURS[rank] if rank < SIGNED else REST).sign} "
        legend.append((sign + tr.label(output.label_of(value, tr.language)), percent(share, 0, tr)))
    (top, most), *others = legend
    listed = [" ".join(each) for each in others] + ["…"] * (len(found) > KINDS)
    return Told(label=label, value=top, aside=most, others=" · ".join(listed))
