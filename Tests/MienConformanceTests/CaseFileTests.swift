import ConformanceCases
@testable import MienConformance
import MienJSON
import MienMessages
import MienReflection
import Testing

private let descriptors = try! DescriptorPool(fileDescriptorSet: Proto.descriptorSet)

@Suite struct CaseFileTests {
    @Test func theBuiltInCasesAreWellFormed() throws {
        var names: [String] = []
        for file in ConformanceCases.files { names += try ConformanceCase.read(file.bytes, file: file.name, descriptors).map(\.name) }
        #expect(Set(names).count == names.count)
        #expect(names.count > 90)
    }

    /// The whole of a file with one case, of which `steps` are the steps.
    private func read(steps: String, rest: String = "") throws -> [ConformanceCase] {
        let text = #"{"cases": [{"name": "some-case", "about": "does it", "for": ["host", "plugin"]\#(rest), "steps": \#(steps)}]}"#
        return try ConformanceCase.read(Array(text.utf8), file: "some.json", descriptors)
    }

    @Test(arguments: [
        (#"[{"sennd": {}}]"#, "some.json: some-case, step 1: has none of the verbs"),
        (#"[{"cancel": 1}, {"cancel": 1, "call": 2}]"#, #"step 2: "call" does not belong to "cancel", which stands alone"#),
        (#"[{"send": {"ping": {"tokken": 1}}}]"#, "some-case, step 1: ping.tokken: is not a field of mien.v1.Ping; its fields are token"),
        (#"[{"repeat": 2, "steps": [{"cancel": 1}, {"send": {"ping": {"token": "$m"}}}]}]"#, "some-case, step 1.2: $m is not known here; known are $n, $unary"),
        (#"[{"ask": "/mien.v1.Host/GetInfo", "call": 1, "message": {"payload": ""}}]"#, "step 1: payload: is not a field of mien.v1.GetInfoRequest, which has none"),
        (#"[{"ask": "/mien.v1.Host/GetInfo", "message": {}}]"#, #"step 1: needs "call""#),
        (#"[{"ask": "/mien.v1.Host/GetInfo", "call": 1}]"#, #"step 1: "ask" needs "message""#),
        (#"[{"send_bytes": {"$hex": "0"}}]"#, "step 1: \"0\" is no row of hexadecimal bytes"),
        (#"[{"send_bytes": {"$hexx": "00"}}]"#, "step 1: $hexx is no expression"),
        (#"[{"send_bytes": {"$text": "a", "cuont": 2}}]"#, #"step 1: "cuont" does not belong to $text"#),
        (#"[{"send_bytes": {"$u32": {"$limit": "maxFrames"}}}]"#, "step 1: $limit is none of maxFrameBytes"),
        (#"[{"send_bytes": {"$estimate": {}}}]"#, #"step 1: $estimate is for cases with "each""#),
        (#"[{"expect_status": 17, "call": 1}]"#, #"step 1: "expect_status" needs codes from 0 to 16"#),
        (#"[{"expect_end": "soon"}]"#, "step 1: \"expect_end\" needs exit codes"),
        (#"[{"expect_description": "beauty"}]"#, "step 1: \"expect_description\" is none of complete, ids"),
        (#"[{"signal": "HUP"}]"#, "step 1: \"signal\" is none of INT, KILL, TERM"),
        (#"[{"lives": -1}]"#, "step 1: -1 is no number of a call"),
        (#"[{"wait_ms": 0}]"#, "step 1: \"wait_ms\" is 0, which is no whole number from 1 to 600000"),
        (#"[4]"#, "step 1: is a number, where a step needs an object"),
        (#"[]"#, "some-case: has no \"steps\""),
    ])
    func aBadStepIsNamed(steps: String, message: String) throws {
        let error = #expect(throws: CaseFileError.self) { try read(steps: steps) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("", "some.json: line 1, column 1"), ("[]", "some.json: is an array"), ("{}", "some.json: has no \"cases\""),
        (#"{"case": []}"#, "some.json: \"case\" is none of about, for, needs, cases"),
        (#"{"cases": [{"name": "A B"}]}"#, "some.json: A B: \"name\" is not in kebab-case"),
        (#"{"cases": [{"name": "a", "about": "b", "steps": [{"cancel": 1}]}]}"#, "some.json: a: needs \"for\""),
        (#"{"for": "hosts", "cases": [{"name": "a", "about": "b", "steps": [{"cancel": 1}]}]}"#, "\"for\" has \"hosts\", which is none of host, plugin, client"),
        (#"{"for": "host", "cases": [{"name": "a", "about": "b", "each": "face", "steps": [{"cancel": 1}]}]}"#, "\"each\" is for cases of plugins alone"),
        (#"{"for": "host", "cases": [{"name": "a", "about": "b", "steps": [{"cancel": 1}]}, {"name": "a", "about": "b", "steps": [{"cancel": 1}]}]}"#, "some.json: a: is there twice"),
    ])
    func aBadFileIsNamed(text: String, message: String) throws {
        let error = #expect(throws: CaseFileError.self) { try ConformanceCase.read(Array(text.utf8), file: "some.json", descriptors) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}

@Suite struct MatcherTests {
    @Test(arguments: [
        (#"{}"#, #"{"a": 1}"#), (#"{"a": 1}"#, #"{"a": 1, "b": 2}"#), (#"{"a": 0, "b": false, "c": "", "d": []}"#, #"{}"#), (#"{"a": 18446744073709551615}"#, #"{"a": "18446744073709551615"}"#),
        (#"{"a": {"$any": true}}"#, #"{"a": 0}"#), (#"{"a": {"$absent": true}}"#, #"{}"#), (#"{"a": {"$says": "WORD"}}"#, #"{"a": "some words"}"#), (#"{"a": {"$least": 3}}"#, #"{"a": "3"}"#),
        (#"{"a": {"$bytes": 2}}"#, #"{"a": "aGk="}"#), (#"{"a": {"$text": "hi"}}"#, #"{"a": "aGk="}"#), (#"{"a": {"$contains": {"b": 1}}}"#, #"{"a": [{"b": 2}, {"b": 1, "c": 3}]}"#),
        (#"{"a": {"$one_of": [1, 2]}}"#, #"{"a": 2}"#), (#"{"a": [1, {"$any": true}]}"#, #"{"a": [1, 7]}"#), (#"{"a": {"$repeat": "x", "count": 3}}"#, #"{"a": "xxx"}"#),
        (#"{"a": {"$message": "mien.v1.Ping", "is": {"token": 5}}}"#, #"{"a": "CAU="}"#),
    ])
    func matches(expected: String, value: String) throws {
        #expect(try Matcher(scope: Scope(descriptors: descriptors)).mismatch(try JSONValue.parse(expected), try JSONValue.parse(value)) == nil)
    }

    @Test(arguments: [
        (#"{"a": 1}"#, #"{}"#, "a: expected 1, came nothing"), (#"{"a": {"b": 1}}"#, #"{"a": {"b": 2}}"#, "a.b: expected 1, came 2"), (#"{"a": {}}"#, #"{}"#, "a: expected to be there, came nothing"),
        (#"{"a": {"$absent": true}}"#, #"{"a": 1}"#, "a: expected nothing, came 1"), (#"{"a": {"$bytes": 2}}"#, #"{"a": "aA=="}"#, "a: expected 2 bytes, came \"1 bytes\""),
        (#"{"a": [1]}"#, #"{"a": [1, 2]}"#, "a: expected 1 elements, came \"2\""), (#"{"a": [1, 2]}"#, #"{"a": [1, 3]}"#, "a[1]: expected 2, came 3"),
    ])
    func differs(expected: String, value: String, why: String) throws {
        #expect(try Matcher(scope: Scope(descriptors: descriptors)).mismatch(try JSONValue.parse(expected), try JSONValue.parse(value)) == why)
    }
}

@Suite struct ReadingsTests {
    private let estimator = Proto.PluginEstimator(id: "some", categories: ["Anger"], dimensions: ["valence"], nativeLabels: ["calm", "angry"])

    private func failure(_ change: (inout Proto.PluginReading) -> Void) -> CaseFailure? {
        var reading = Proto.PluginReading(categories: [Proto.CategoryEstimate(name: "Anger", intensity: 0.5)], dimensions: [Proto.DimensionEstimate(name: "valence", value: -1)])
        change(&reading)
        return ReadingsCheck(estimator).failure([reading], count: 1)
    }

    @Test func aValidReadingPasses() {
        #expect(failure { _ in } == nil)
        #expect(failure { $0.nativeScores = [Proto.NativeScore(label: "calm", score: 2), Proto.NativeScore(label: "angry", score: -2)] } == nil)
    }

    @Test func whatIsWrongIsSaid() {
        #expect(failure { $0.categories[0].intensity = .nan }?.came == "nan as the intensity of Anger")
        #expect(failure { $0.categories[0].intensity = 1.5 }?.came == "1.5")
        #expect(failure { $0.categories[0].name = "Fear" }?.came == "\"Fear\"")
        #expect(failure { $0.categories.append($0.categories[0]) }?.expected == "no category twice")
        #expect(failure { $0.categories[0].nativeScore = 2 }?.expected == "a scale with the native score of Anger")
        #expect(failure { $0.nativeScores = [Proto.NativeScore(label: "angry", score: 2)] }?.came == "angry")
        #expect(failure { $0.attributes = [Proto.AttributeEstimate(name: "Age")] }?.came == "\"Age\"")
        #expect(ReadingsCheck(estimator).failure([], count: 1)?.came == "0")
    }
}
