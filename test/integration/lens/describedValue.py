"""What a value of an app file is, as JSON: in the words in which both programs beside this one answer."""


def described(value, depth=0):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return {"kind": "plain", "value": value}
    if isinstance(value, int):
        return {"kind": "int", "value": value}
    if isinstance(value, float):
        return {"kind": "float", "value": value}
    if isinstance(value, (list, tuple)) and depth < 4:
        return {"kind": type(value).__name__, "items": [described(item, depth + 1) for item in value]}
    return {"kind": "other"}
