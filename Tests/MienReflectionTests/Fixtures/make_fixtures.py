"""Writes everything.desc and cases.json: what the official Python implementation makes of each input, right or wrong.

Needs protoc and the Python package protobuf. Run in this folder after changing anything here: python3 make_fixtures.py
"""
import base64
import json
import pathlib
import random
import subprocess

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message, message_factory

here = pathlib.Path(__file__).parent
subprocess.run(["protoc", "-I", here, f"--descriptor_set_out={here / 'everything.desc'}", here / "everything.proto"], check=True)
files = descriptor_pb2.FileDescriptorSet.FromString((here / "everything.desc").read_bytes())
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)
Everything = message_factory.GetMessageClass(pool.FindMessageTypeByName("mien.test.Everything"))

# Left out is what Python forgives and we do not: an empty array for a message, a boolean for an enum, one field under both of its names, bytes
# that are not base64.
JSON = [
    "{}", '{"aDouble":1.5,"aFloat":0.1,"anInt32":-5,"anInt64":"-9007199254740993","aUint32":4294967295,"aUint64":"18446744073709551615"}',
    '{"aSint32":-2147483648,"aSint64":"-9223372036854775808","aFixed32":7,"aFixed64":"8","aSfixed32":-9,"aSfixed64":"-10"}',
    '{"aBool":true,"aString":"h\\u00e9llo \\ud83d\\ude00 \\"q\\"","someBytes":"AAECAwQ=","colour":"COLOUR_BLUE","nested":{"number":1,"again":{"someText":"x"}}}',
    '{"a_double":2,"an_int32":3,"some_bytes":"-_8","nested":{"some_text":"y"}}', '{"someBytes":"-_-_"}', '{"someBytes":"+/+/"}', '{"someBytes":""}',
    '{"aDouble":"NaN","aFloat":"-Infinity"}', '{"aDouble":"Infinity","aFloat":"1.25"}', '{"aDouble":-0.0}', '{"aFloat":3.4028234e38}', '{"aDouble":1e308}',
    '{"aFloat":1e39}', '{"aDouble":1e309}', '{"anInt32":2147483648}', '{"anInt32":1.0}', '{"anInt32":1e3}', '{"anInt32":1.5}', '{"anInt32":"12"}', '{"anInt32":"x"}',
    '{"aUint32":-1}', '{"aUint64":"18446744073709551616"}', '{"anInt64":9007199254740992}', '{"anInt64":true}', '{"aBool":1}', '{"aBool":"true"}', '{"aString":1}',
    '{"someBytes":7}', '{"colour":1}', '{"colour":99}', '{"colour":"COLOUR_GREEN"}', '{"colour":0}',
    '{"nested":null,"aString":null}', '{"nested":{}}', '{"nested":3}', '{"unknown":1}', '{"nested":{"unknown":1}}', 'null',
    '{"int32s":[1,0,-1,"7"],"sint64s":["-1",1],"floats":[0,1.5,"NaN"],"strings":["","a"],"nesteds":[{},{"number":2}],"colours":["COLOUR_RED",0,-7,5]}',
    '{"unpacked":[1,0,3],"bools":[true,false],"blobs":["","AQ=="]}', '{"int32s":[]}', '{"int32s":[null]}', '{"int32s":1}', '{"strings":[null]}', '{"int32s":[[1]]}', '{"nesteds":{}}',
    '{"numbers":{"a":1,"b":0,"":3}}', '{"byNumber":{"-5":{"number":1},"7":{}}}', '{"byTruth":{"true":"COLOUR_RED","false":0}}', '{"byTruth":{"yes":0}}', '{"byNumber":{"x":{}}}',
    '{"numbers":{"a":null}}', '{"numbers":[]}', '{"numbers":{}}',
    '{"chosenNumber":0}', '{"chosenText":""}', '{"chosenNested":{}}', '{"chosenNumber":1,"chosenText":"x"}', '{"chosenNumber":null,"chosenText":"x"}',
    '{"maybe":0}', '{"maybe":5}', '{"maybe":null}', '{"@other":"r"}', '{"renamed":"r"}', '{"inner":{"x":1}}',
]


def varint(value):
    output = bytearray()
    while value >= 0x80:
        output.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(output + bytes([value]))


def field(number, wire, payload):
    return varint(number << 3 | wire) + (varint(len(payload)) if wire == 2 else b"") + payload


WIRE = [
    b"", field(3, 0, varint(1)) + field(3, 0, varint(2)),  # the last one counts
    field(17, 2, field(1, 0, varint(1))) + field(17, 2, field(3, 2, b"x")),  # parts of one message
    field(21, 2, varint(1) + varint(2)) + field(21, 0, varint(3)),  # packed and not
    field(27, 2, b"\1\0\0\0\2\0\0\0"), field(21, 2, b""), field(3, 0, varint(0)),  # an explicit default
    field(3, 0, varint((1 << 64) - 1)), field(3, 0, varint(1 << 33 | 5)), field(13, 0, varint(2)), field(16, 0, varint((1 << 64) - 7)), field(16, 0, varint(77)),
    field(41, 0, varint(1)) + field(42, 2, b"x"), field(43, 2, field(1, 0, varint(1))) + field(41, 0, varint(0)), field(43, 2, field(1, 0, varint(1))) + field(43, 2, field(3, 2, b"y")),
    field(41, 0, varint(3)) + field(43, 2, b""), field(44, 0, varint(0)), field(99, 0, varint(1)) + field(98, 2, b"abc") + field(97, 5, b"1234") + field(96, 1, b"12345678"),
    field(31, 2, field(1, 2, b"k")), field(31, 2, b""), field(32, 2, field(1, 0, varint(4))), field(33, 2, field(2, 0, varint(1))),
    field(31, 2, field(1, 2, b"k") + field(2, 0, varint(1))) + field(31, 2, field(1, 2, b"k") + field(2, 0, varint(2))),
    field(1, 1, b"\0\0\0\0\0\0\0\x80"), field(2, 5, b"\0\0\xc0\x7f"), field(7, 0, varint(0xFFFFFFFF)), field(8, 0, varint((1 << 64) - 1)),
    field(14, 2, b"\xff"), field(14, 2, b"ab")[:-1], b"\x08", b"\x80" * 11, b"\x00", field(15, 2, b"\xff\xfe"), field(22, 2, b"\x01\x80"),
]


def random_json(generator, depth=0):
    pick = generator.choice
    nested = lambda: {} if depth > 3 else {key: value for key, value in {
        "number": generator.randint(-9, 9), "someText": pick(["", "z", "é"]), "again": nested_again()}.items() if value is not None and generator.random() < 0.7}
    nested_again = lambda: random_json(generator, depth + 1)["nested"] if depth < 3 and generator.random() < 0.5 else None
    every = {
        "aDouble": generator.uniform(-1, 1) * 10.0 ** generator.randint(-300, 300), "aFloat": generator.uniform(-100, 100), "anInt32": generator.randint(-2**31, 2**31 - 1),
        "anInt64": str(generator.randint(-2**63, 2**63 - 1)), "aUint32": generator.randint(0, 2**32 - 1), "aUint64": str(generator.randint(0, 2**64 - 1)),
        "aSint32": generator.randint(-2**31, 2**31 - 1), "aSint64": str(generator.randint(-2**63, 2**63 - 1)), "aFixed32": generator.randint(0, 2**32 - 1),
        "aSfixed64": str(generator.randint(-2**63, 2**63 - 1)), "aBool": pick([True, False]), "aString": "".join(chr(pick([65, 0x7F, 0x2028, 0x1F600, 10, 34])) for _ in range(generator.randint(0, 9))),
        "someBytes": base64.b64encode(generator.randbytes(generator.randint(0, 9))).decode(), "colour": pick(["COLOUR_RED", "COLOUR_BLUE", 12]), "nested": nested(),
        "int32s": [generator.randint(-300, 300) for _ in range(generator.randint(0, 5))], "nesteds": [nested() for _ in range(generator.randint(0, 3))],
        "numbers": {key: generator.randint(0, 9) for key in sorted(generator.sample("abcdef", generator.randint(0, 1)))}, "maybe": generator.randint(0, 1),
        pick(["chosenNumber", "chosenText"]): pick([1, 2]),
    }
    if "chosenText" in every:
        every["chosenText"] = str(every["chosenText"])
    return {key: value for key, value in every.items() if key == "nested" or generator.random() < 0.5}


def from_json(text):
    try:
        result = Everything()
        json_format.Parse(text, result, descriptor_pool=pool)
        return base64.b64encode(result.SerializeToString(deterministic=True)).decode()
    except (json_format.ParseError, ValueError):
        return None


def to_json(data):
    try:
        return json_format.MessageToDict(Everything.FromString(data), descriptor_pool=pool)
    except (message.DecodeError, ValueError):
        return None


generator = random.Random(1)
texts = JSON + [json.dumps(random_json(generator)) for _ in range(60)]
wire = WIRE + [base64.b64decode(from_json(text)) for text in texts if from_json(text)]
cases = {"fromJSON": [{"json": text, "bytes": from_json(text)} for text in texts],
         "toJSON": [{"bytes": base64.b64encode(data).decode(), "json": to_json(data)} for data in wire]}
(here / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
print(f"{len(texts)} texts, {sum(case['bytes'] is None for case in cases['fromJSON'])} of them refused; {len(wire)} messages, {sum(case['json'] is None for case in cases['toJSON'])} refused")
