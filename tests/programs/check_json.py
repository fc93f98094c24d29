"""check_json.py SCHEMA DOCUMENT: does the document fit the schema? With jsonschema if it is installed, and in any case
with the small validator below, which knows exactly the keywords that our schema uses and refuses any other."""

import json
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
NOTES = {"$schema", "$defs", "title", "description"}


def has_type(value, name: str) -> bool:
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer" else (int, float))
    return isinstance(value, TYPES[name])


def faults(value, rule: dict, root: dict, where: str = "document") -> list[str]:
    found: list[str] = []
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    for key, wanted in rule.items():
        if key == "$ref":
            found += faults(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, where)
        elif key == "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            if not any(has_type(value, n) for n in names):
                found.append(f"{where}: {value!r} is not {wanted}")
        elif key == "const" and value != wanted:
            found.append(f"{where}: {value!r} is not {wanted!r}")
        elif key == "enum" and value not in wanted:
            found.append(f"{where}: {value!r} is none of {wanted!r}")
        elif key == "oneOf":
            tries = [faults(value, r, root, where) for r in wanted]
            if sum(not t for t in tries) != 1:
                found.append(f"{where}: fits {sum(not t for t in tries)} alternatives, {min(tries, key=len)}")
        elif key == "minimum" and number and value < wanted or key == "maximum" and number and value > wanted:
            found.append(f"{where}: {value} breaks {key} {wanted}")
        elif key == "minItems" and len(value) < wanted or key == "maxItems" and len(value) > wanted:
            found.append(f"{where}: {len(value)} items break {key} {wanted}")
        elif key == "required" and isinstance(value, dict):
            found += [f"{where}: lacks {name}" for name in wanted if name not in value]
        elif key == "properties" and isinstance(value, dict):
            for name, inner in wanted.items():
                if name in value:
                    found += faults(value[name], inner, root, f"{where}.{name}")
        elif key == "additionalProperties" and isinstance(value, dict):
            found += [f"{where}: unknown {name}" for name in value if name not in rule["properties"]]
        elif key == "items" and isinstance(value, list):
            for i, item in enumerate(value):
                found += faults(item, wanted, root, f"{where}[{i}]")
        elif key not in NOTES | {"const", "enum", "minimum", "maximum", "minItems", "maxItems", "required", "properties",
                                 "additionalProperties", "items"}:
            found.append(f"the schema's keyword {key} is not known to this validator")
    return found


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        document = json.load(file)
    found = faults(document, schema, schema)
    try:
        import jsonschema
        jsonschema.Draft202012Validator.check_schema(schema)
        found += [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    except ImportError:
        pass
    # What a schema cannot say.
    for image in document["images"]:
        if image["status"] != "done" or found:
            continue
        d = image["diagnosis"]
        limit = document["model"]["limits"]["distance"]
        if (d["familiarity"] is None) != (limit == 0) or (d["familiarity"] is None) != (d["kind"] == "not checked"):
            found.append(f"{image['image']}: a kind that was or was not checked")
        if (d["verdict"] == "unfamiliar") != (d["familiarity"] is not None and d["familiarity"] > 1):
            found.append(f"{image['image']}: unfamiliar does not follow from the distance")
        if d["withheld"]:
            shown = d["class"] or d["class_set"] or d["classes"] or image["regions"] or set(image["pictures"]) - {"overlay"}
            if shown or d["verdict"] != "unfamiliar":
                found.append(f"{image['image']}: withheld, but shown, or not unfamiliar")
            continue
        if abs(sum(c["belief"] for c in d["classes"]) + d["vacuity"] - 1) > 1e-5:
            found.append(f"{image['image']}: beliefs and vacuity do not sum to 1")
        if abs(sum(c["probability"] for c in d["classes"]) - 1) > 1e-5:
            found.append(f"{image['image']}: probabilities do not sum to 1")
        if max(d["classes"], key=lambda c: c["probability"])["name"] != d["class"]:
            found.append(f"{image['image']}: the class is not the most probable one")
        within = d["vacuity"] <= document["model"]["limits"]["image_vacuity"]
        if d["accepted"] != (within and len(d["class_set"]) == 1 and d["verdict"] != "unfamiliar"):
            found.append(f"{image['image']}: the verdict does not follow from the limit and the class set")
        if d["accepted"] != (d["verdict"] == "accepted"):
            found.append(f"{image['image']}: accepted and the verdict differ")
        if d["class"] not in d["class_set"]:
            found.append(f"{image['image']}: the most probable class is not in the set")
        if document["model"]["promises"]["class_coverage"] is None and d["class_set"] != [d["class"]]:
            found.append(f"{image['image']}: a class set without calibration")
        if sum(r["pixels"] for r in image["regions"]) != image["height"] * image["width"]:
            found.append(f"{image['image']}: the regions do not cover the image")
        for r in image["regions"][1:]:
            if r["part_count"] <= 100 and sum(p["pixels"] for p in r["parts"]) != r["pixels"]:
                found.append(f"{image['image']}: the parts do not make up region {r['name']}")
    print("\n".join(found) or "fits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
