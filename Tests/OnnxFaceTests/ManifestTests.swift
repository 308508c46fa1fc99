import Foundation
import MienEstimation
import MienManifest
import Testing

@testable import OnnxFace

@Suite("face.json")
struct ManifestTests {
    private func read(_ json: String) throws(ManifestError) -> FaceManifest { try FaceManifest(Array(json.utf8), file: "face.json") }

    @Test("says what a network is, sees and means")
    func whole() throws {
        let manifest = try read(Fixture.json("tiny"))
        #expect(manifest.id == "random-tiny" && manifest.version == "1" && manifest.licence == "CC0-1.0" && manifest.attribution == "nobody")
        #expect(manifest.model.file == "face.onnx" && manifest.model.sha256.count == 64)
        #expect(manifest.input == FaceManifest.Input(height: 32, width: 24, colour: .rgb, resize: .bilinear, scale: 1.0 / 255, mean: [0.485, 0.456, 0.406],
                                                     std: [0.229, 0.224, 0.225]))
        #expect(manifest.crop == .box(isSquare: false, margin: 0))
        #expect(manifest.categories == [.anger, .contempt, .disgust, .fear, .elation, .sadness, .astonishment])
        #expect(manifest.dimensions == [.valence, .arousal])
        #expect(manifest.nativeLabels == ["Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise", "valence", "arousal"])
        #expect(manifest.outputs.count == 1 && manifest.outputs[0].values[5] == .label("Neutral", nil))
    }

    @Test("may have several outputs, without activation, in grey")
    func several() throws {
        let manifest = try read(Fixture.json("two-heads"))
        #expect(manifest.outputs.map(\.name) == ["affect", "emotions"] && manifest.input.colour.channels == 1 && manifest.input.mean == [127.5])
        #expect(manifest.outputs[1].scale == NativeScale(minimum: 0, maximum: 1, meaning: "score of the network"))
        #expect(manifest.crop == .box(isSquare: true, margin: 0.1) && manifest.input.resize == .antialiased)
    }

    @Test("of the examples are read, and cover what EmotiEffLib's networks say", arguments: try! FileManager.default.contentsOfDirectory(atPath: Fixture.examples))
    func examples(name: String) throws {
        let manifest = try FaceManifest(Data(contentsOf: URL(filePath: "\(Fixture.examples)/\(name)/face.json")), file: name)
        #expect(manifest.categories == [.anger, .contempt, .disgust, .fear, .elation, .sadness, .astonishment])
        #expect(manifest.nativeLabels.count == 8 + manifest.dimensions.count)
    }

    /// Each a change to the manifest of `tiny`, the key that the error must name, and a word of it.
    @Test("is refused, with the key, where it breaks a rule", arguments: [
        ("\"schema\": 1", "\"schema\": 2", "schema", "reads schema 1"), ("\"schema\": 1,", "", "schema", "missing"), ("\"schema\": 1", "\"schema\": \"1\"", "schema", "whole number"),
        ("\"schema\": 1", "\"schema\": 1, \"colour\": 1", "\"colour\"", "not a key"), ("\"file\":", "\"bytes\": 3, \"file\":", "model.\"bytes\"", "not a key"),
        ("\"height\":", "\"depth\": 1, \"height\":", "input.\"depth\"", "not a key"), ("\"label\": \"Fear\"", "\"label\": \"Fear\", \"x\": 1", "outputs[0].values[3].\"x\"", "not a key"),
        ("random-tiny\",", "Random Tiny\",", "id", "lower-case"), ("random-tiny\",", "random--tiny\",", "id", "lower-case"), ("\"version\": \"1\"", "\"version\": 1", "version", "a number"),
        ("\"version\": \"1\"", "\"version\": \"-1\"", "version", "letter or digit"), ("\"nobody\"", "\"no\\u0000body\"", "attribution", "control"),
        ("\"licence\": \"CC0-1.0\",", "", "licence", "missing"), ("\"CC0-1.0\"", "\"\"", "licence", "1 to 500"),
        ("\"face.onnx\"", "\"/face.onnx\"", "model.file", "within the manifest's folder"), ("\"face.onnx\"", "\"../face.onnx\"", "model.file", "within"),
        ("\"face.onnx\"", "\"a/../face.onnx\"", "model.file", "within"), ("\"face.onnx\"", "\"a//b\"", "model.file", "within"), ("\"face.onnx\"", "\"\"", "model.file", "within"),
        ("\"face.onnx\"", "\".hidden\"", "model.file", "within"), ("\"face.onnx\"", "\"a\\u0000b\"", "model.file", "within"), ("\"face.onnx\"", "\"a\\\\b\"", "model.file", "within"),
        ("\"sha256\": \"", "\"sha256\": \"A", "model.sha256", "hexadecimal"), ("\"sha256\":", "\"sha\":", "model.\"sha\"", "not a key"),
        ("\"height\": 32", "\"height\": 0", "input.height", "8 to 1024"), ("\"height\": 32", "\"height\": 32.5", "input.height", "whole number"),
        ("\"width\": 24", "\"width\": 1025", "input.width", "8 to 1024"), ("\"width\": 24", "\"width\": 1e99", "input.width", "whole number"),
        ("\"rgb\"", "\"RGB\"", "input.colour", "rgb, bgr, grey"), ("\"rgb\"", "\"grey\"", "input.mean", "3 elements where there must be 1"),
        ("\"bilinear\"", "\"cubic\"", "input.resize", "bilinear, antialiased"), ("0.00392156862745098", "0", "input.scale", "is not a number from"),
        ("0.00392156862745098", "-1", "input.scale", "is not a number from"), ("0.00392156862745098", "null", "input.scale", "is not a number from"),
        ("0.229", "0", "input.std[0]", "is not a number from"), ("0.225", "\"0.2\"", "input.std[2]", "is not a number from"), ("0.485", "1e7", "input.mean[0]", "is not a number from"),
        ("0.485,", "", "input.mean", "2 elements where there must be 3"), ("\"kind\": \"box\"", "\"kind\": \"oval\"", "crop.kind", "box, aligned"),
        ("\"kind\": \"box\"", "\"kind\": \"aligned\"", "crop.square", "box only"), ("\"square\": false", "\"square\": 0", "crop.square", "true or false"),
        ("\"margin\": 0", "\"margin\": 1.5", "crop.margin", "is not a number from"), ("\"margin\": 0", "\"margin\": -0.5", "crop.margin", "is not a number from"),
        ("\"softmax\"", "\"relu\"", "outputs[0].activation", "softmax, sigmoid, none"), ("\"softmax\"", "\"none\"", "outputs[0].range", "missing"),
        ("\"softmax\",", "\"softmax\", \"range\": [0, 1],", "outputs[0].range", "without an activation"), ("\"logits\"", "\"\"", "outputs[0].name", "a name"),
        ("\"category\": \"Fear\"", "\"category\": \"Happiness\"", "outputs[0].values[3].category", "a word for Elation"),
        ("\"category\": \"Fear\"", "\"category\": \"Green\"", "outputs[0].values[3].category", "null stands for none"),
        ("\"category\": \"Fear\"", "\"category\": \"Anger\"", "outputs", "two labels to Anger"), ("\"label\": \"Fear\"", "\"label\": \"Anger\"", "outputs", "\"Anger\" twice"),
        ("\"category\": null", "\"range\": [0, 1]", "outputs[0].values[5].range", "belongs to dimensions"), ("\"category\": null", "\"category\": false", "outputs[0].values[5].category", "a boolean"),
        ("\"label\": \"Neutral\",", "", "outputs[0].values[5]", "either a label or a dimension"), ("\"valence\"", "\"pleasure\"", "outputs[0].values[8].dimension", "valence, arousal, dominance"),
        ("\"arousal\"", "\"valence\"", "outputs", "\"valence\" twice"), ("-4,", "4,", "outputs[0].values[8].range", "does not rise"),
        ("-4,", "", "outputs[0].values[8].range", "1 elements where there must be 2"), ("\"dimension\": \"valence\"", "\"dimension\": \"valence\", \"category\": null", "outputs[0].values[8].category", "labels"),
        ("\"random-tiny\"", "\"random-tiny\", \"id\": \"again\"", "", "line"), ("{", "[", "", "line"),
    ])
    func refusals(_ old: String, _ new: String, _ key: String, _ word: String) throws {
        let json = try Fixture.json("tiny"), changed = json.replacing(old, with: new)
        #expect(changed != json)
        let error = #expect(throws: ManifestError.self) { try read(changed) }
        #expect(error?.key == key && error?.file == "face.json", "\(String(describing: error))")
        #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }

    @Test("is refused if several outputs are not told apart, or nothing is said")
    func outputs() throws {
        let json = try Fixture.json("two-heads")
        for (old, new, word) in [("\"name\": \"affect\",", "", "each needs a name"), ("\"affect\"", "\"emotions\"", "\"emotions\" twice")] {
            let error = #expect(throws: ManifestError.self) { try read(json.replacing(old, with: new)) }
            #expect(error?.key == "outputs" && error?.message.contains(word) == true, "\(String(describing: error))")
        }
        let tiny = try Fixture.json("tiny"), start = try #require(tiny.range(of: "\"values\": ["))
        for (values, word) in [("[]", "0 elements"), ("[{\"label\": \"a\", \"category\": null}]", "neither a category nor a dimension"), ("{}", "an object where an array")] {
            let error = #expect(throws: ManifestError.self) { try read(tiny[..<start.lowerBound] + "\"values\": \(values)}]}") }
            #expect(error?.message.contains(word) == true, "\(String(describing: error))")
        }
        let many = Array(repeating: "{\"label\": \"a\", \"category\": null}", count: 513).joined(separator: ",")
        let error = #expect(throws: ManifestError.self) { try read(tiny[..<start.lowerBound] + "\"values\": [\(many)]}]}") }
        #expect(error?.message.contains("513 elements where there must be 1 to 512") == true)
    }

    @Test("of any bytes is a manifest that keeps its own rules, or an error")
    func mutations() throws {
        var random = Random(state: 1), read = 0
        let seeds = try ["tiny", "two-heads"].map { Array(try Fixture.json($0).utf8) }
        let pieces = ["null", "-1", "1e308", "\"\"", "{}", "[]", "true", "\"..\"", "\"label\"", ",", "\"aligned\"", "0"].map { Array($0.utf8) }
        for round in 0..<4_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random), end = min(bytes.count, place + Int.random(in: 0...9, using: &random))
                switch round % 4 {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.replaceSubrange(place..<end, with: pieces.randomElement(using: &random)!)
                case 2: bytes.removeSubrange(place..<end)
                default: bytes[place] = UInt8(ascii: "0") + .random(in: 0...9, using: &random)
                }
            }
            guard let manifest = try? FaceManifest(bytes, file: "face.json") else { continue }
            read += 1
            #expect(!manifest.model.file.hasPrefix("/") && !manifest.model.file.split(separator: "/").contains("..") && !manifest.id.isEmpty)
            #expect(manifest.input.std.count == manifest.input.colour.channels && manifest.input.std.allSatisfy { $0 > 0 })
            #expect((8...1024).contains(manifest.input.height) && !(manifest.categories.isEmpty && manifest.dimensions.isEmpty))
        }
        // Were all refused, nothing would have been tested.
        #expect(read > 50)
    }
}

/// SplitMix64: the same numbers in every run.
private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
