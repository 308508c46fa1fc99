import MienJSON
import Testing

@Suite("JSON")
struct JSONTests {
    @Test("accepts every construct of RFC 8259", arguments: [
        ("null", JSONValue.null),
        (" \t\r\n true ", .bool(true)),
        ("\"\"", .string("")),
        (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{c}\n\r\tz")),
        (#""\u00e9\uD83D\uDE00""#, .string("é😀")),
        ("\"é😀\u{7f}\"", .string("é😀\u{7f}")),
        ("[]", .array([])),
        ("[1,[2 , \"x\"],{}]", .array([.number(JSONNumber(1)), .array([.number(JSONNumber(2)), .string("x")]), .object(JSONObject())])),
    ])
    func accepts(text: String, value: JSONValue) throws {
        #expect(try JSONValue.parse(text) == value)
    }

    @Test("keeps the digits of numbers", arguments: ["0", "-0", "18446744073709551615", "1.50", "1E400", "-12.5e-3", "123456789012345678901234567890"])
    func keepsDigits(text: String) throws {
        #expect(try JSONValue.parse(text).number?.digits == text)
        #expect(try JSONValue.parse(text).text() == text)
    }

    @Test("rejects what is not JSON, and says where", arguments: [
        ("", 0, "text ends where a value"), ("[1,]", 3, "']' where a value"), ("{\"a\":1,}", 7, "a name in quotes"),
        ("01", 1, "leading zero"), ("-", 1, "a digit"), ("1.", 2, "a digit"), (".5", 0, "a value"), ("1e", 2, "a digit"), ("+1", 0, "a value"),
        ("nul", 0, "a word"), ("NaN", 0, "a value"), ("// x\n1", 0, "a value"), ("'a'", 0, "a value"), ("1 2", 2, "after the end"),
        ("\"a", 2, "ends within a string"), ("\"\n\"", 1, "control character 10"), (#""\x""#, 1, "unknown escape"), (#""\u12g4""#, 5, "hexadecimal"),
        (#""\ud800""#, 1, "surrogate"), (#""\udc00""#, 1, "surrogate"), (#""\ud800\u0041""#, 1, "surrogate"), ("{\"a\":1,\"a\":2}", 7, "occurs twice"),
        ("\u{feff}1", 0, "byte order mark"), ("[1", 2, "',' or ']'"), ("{\"a\" 1}", 5, "':'"), ("\"\\", 2, "ends within"),
    ])
    func rejects(text: String, offset: Int, message: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.offset == offset)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("rejects strings that are not UTF-8", arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xE2, 0x82, 0x22]] as [[UInt8]])
    func rejectsInvalidUTF8(bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
        #expect(error?.message == "string is not valid UTF-8")
    }

    @Test("names line and column")
    func namesLine() {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse("{\n  \"a\": x\n}") }
        #expect(error?.description == "line 2, column 8: 'x' where a value should be")
    }

    @Test("stops at the limits of depth and size")
    func limits() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSONValue.parse(deep) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[" + deep + "]") }
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONError.self) { try JSONValue.parse("1234", limits: JSONLimits(bytes: 3)) }
    }

    @Test("every prefix of a text ends in an error, never in a crash")
    func prefixes() {
        let text = Array(#"{"a":[1.5e+3,"é\u00e9\ud83d\ude00",{"b":null}],"c":true,"d":-0.1}"#.utf8)
        for length in 0..<text.count { #expect(throws: JSONError.self) { try JSONValue.parse(text[..<length]) } }
        #expect(throws: Never.self) { try JSONValue.parse(text) }
    }

    @Test("reads integers without rounding", arguments: [("12", 12), ("12.0", 12), ("1.2e1", 12), ("-3e2", -300), ("0e999", 0), ("100e-2", 1), ("9223372036854775807", Int64.max)])
    func integers(text: String, value: Int64) throws {
        #expect(try JSONValue.parse(text).number?.integer(as: Int64.self) == value)
    }

    @Test("refuses integers that are none or do not fit", arguments: ["1.5", "9223372036854775808", "1e19", "1e999999999999", "1e-9223372036854775808", "-9223372036854775809", "1e-1"])
    func noIntegers(text: String) throws {
        #expect(try JSONValue.parse(text).number?.integer(as: Int64.self) == nil)
    }

    @Test("writes numbers with the fewest digits")
    func writesNumbers() {
        #expect(JSONNumber(1.0)?.digits == "1")
        #expect(JSONNumber(Float(0.1))?.digits == "0.1")
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(Float.nan) == nil)
        #expect(JSONNumber(UInt64.max).digits == "18446744073709551615")
    }

    @Test("too large for a double is nil, not infinity")
    func overflow() throws {
        #expect(try JSONValue.parse("1e999").number?.double == nil)
        #expect(try JSONValue.parse("-2.5").number?.double == -2.5)
    }

    @Test("writes what it reads, on one line or indented")
    func writes() throws {
        let text = #"{"a":[1,2.5,[]],"b":{},"c":"q\"\\\n\u0001é"}"#
        let value = try JSONValue.parse(text)
        #expect(value.text() == text)
        #expect(try JSONValue.parse(value.text(indent: 2)) == value)
        #expect(try JSONValue.parse(#"{"a":[1],"b":{}}"#).text(indent: 2) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
    }

    @Test("finds members of large objects")
    func largeObjects() throws {
        let text = "{" + (0..<1_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSONValue.parse(text).object)
        #expect(object.count == 1_000)
        #expect(object["k999"]?.number?.integer() == 999)
        #expect(object["k1000"] == nil)
    }
}
