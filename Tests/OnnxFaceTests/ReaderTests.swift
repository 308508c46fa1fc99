import Foundation
import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks
import Testing
import TestSupport

@testable import FaceFinding
@testable import OnnxFace

@Suite("a network of a plugin")
struct ReaderTests {
    private let context = EstimationContext()

    private func whole(_ name: String, _ picture: Picture) throws -> FaceEstimate {
        try FaceReader(Fixture.plugin(name)).read([FoundFace(whole: picture)], of: picture, context: context).estimates[0]
    }

    /// Sums of some hundred products in f32, of numbers up to 6.
    @Test("gives ONNX Runtime's numbers, several faces at a time", arguments: [("tiny", "output"), ("channels-last", "channels-last/output")])
    func numbers(_ name: String, _ output: String) throws {
        let network = try FaceNetwork(Fixture.plugin(name)), expected = try Fixture.expected(output).values, pictures = try Fixture.pictures("pictures")
        #expect(network.batch == 8)
        let found = try network.run(pictures).flatMap { $0.flatMap { $0 } }
        #expect(found.count == 40)
        for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) <= 2e-5) }
        #expect(try network.run([pictures[2]])[0][0] == Array(found[20..<30]))
    }

    @Test("says what the manifest makes of its numbers")
    func scores() throws {
        let expected = try Fixture.expected("scores").values
        for (index, picture) in try Fixture.pictures("pictures").enumerated() {
            let estimate = try whole("tiny", picture), wanted = expected[(index * 10)..<(index * 10 + 10)]
            #expect(estimate.nativeScores.map(\.label) == ["Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise", "valence", "arousal"])
            for (score, wanted) in zip(estimate.nativeScores, wanted) { #expect(abs(score.score - wanted) <= 2e-5, "\(score.label)") }
            #expect(abs(estimate.nativeScores.prefix(8).map(\.score).reduce(0, +) - 1) < 1e-6)
            let elation = try #require(estimate.categories.first { $0.category == .elation })
            #expect(elation.nativeScore == estimate.nativeScores[4].score && elation.intensity == elation.nativeScore)
            #expect(elation.nativeScale == NativeScale(minimum: 0, maximum: 1, meaning: "softmax probability") && elation.calibratedProbability == nil)
            #expect(estimate.categories.count == 7 && estimate.categories.map(\.intensity) == estimate.categories.map(\.intensity).sorted(by: >))
            // The range of the manifest is -4...4.
            #expect(estimate.dimensions.map(\.dimension) == [.valence, .arousal])
            for (dimension, native) in zip(estimate.dimensions, estimate.nativeScores[8...]) { #expect(abs(dimension.value - native.score / 4) <= 1e-6) }
        }
    }

    @Test("may have several outputs, in the manifest's order and not the graph's")
    func outputs() throws {
        let expected = try Fixture.expected("two-heads/scores").values
        for (index, picture) in try Fixture.pictures("two-heads/pictures").enumerated() {
            let estimate = try whole("two-heads", picture), wanted = Array(expected[(index * 4)..<(index * 4 + 4)])
            #expect(estimate.nativeScores.map(\.label) == ["arousal", "joy", "calm", "other"])
            for (score, wanted) in zip(estimate.nativeScores, wanted) { #expect(abs(score.score - wanted) <= 2e-5, "\(score.label)") }
            #expect(estimate.categories.map(\.category) == [.contentment, .elation])
            #expect(abs(estimate.dimensions[0].value - wanted[0] / 10) <= 1e-5)
        }
    }

    /// The file of `two-heads` is an export of a single example: it declares one picture, and reshapes to one row.
    @Test("reads several faces at a time though its file speaks of one")
    func single() throws {
        let network = try FaceNetwork(Fixture.plugin("two-heads")), expected = try Fixture.expected("two-heads/scores").values
        let found = try network.run(Fixture.pictures("two-heads/pictures")).flatMap { $0.flatMap { $0 } }
        #expect(network.batch == 8 && found.count == 8)
        for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) <= 2e-5) }
    }

    @Test("is asked about many faces in parts, and answers as about each alone")
    func crowds() throws {
        let pictures = try Fixture.pictures("pictures"), picture = pictures[1], reader = try FaceReader(Fixture.plugin("tiny"))
        let faces = (0..<19).map { index in
            FoundFace(Detection(box: Box(left: Float(index % 5), top: Float(index / 5), width: 16, height: 20), visible: 1, confidence: 1, landmarks: []), in: picture)
        }
        let together = try reader.read(faces, of: picture, context: context)
        #expect(together.estimates.count == 19 && together.warnings.isEmpty)
        for (face, estimate) in zip(faces, together.estimates) {
            let alone = try reader.read([face], of: picture, context: context).estimates[0]
            #expect(alone.nativeScores == estimate.nativeScores && estimate.face.box == face.box)
        }
        #expect(Set(together.estimates.map(\.nativeScores)).count > 15)
        #expect(try reader.read([], of: picture, context: context).estimates.isEmpty)
        #expect(throws: CancellationError.self) { try reader.read(faces, of: picture, context: EstimationContext { true }) }
    }

    @Test("judges the crop, as other estimators do")
    func quality() throws {
        let dark = try whole("tiny", blank(64, 64, 3))
        #expect(dark.warnings.contains { $0.reason == "PICTURE_DARK" } && dark.quality.overall < 0.1)
    }

    /// The network of `overflow` is infinite unless a face is black.
    @Test("that gives no finite numbers has no estimate of that face, and says so")
    func overflow() throws {
        var pixels = [UInt8](repeating: 0, count: 40 * 20 * 3)
        for y in 0..<20 { for x in 20..<40 { for channel in 0..<3 { pixels[(y * 40 + x) * 3 + channel] = 200 } } }
        let picture = Picture(width: 40, height: 20, format: .rgb, pixels: pixels), reader = try FaceReader(Fixture.plugin("overflow"))
        let boxes = [Box(left: 0, top: 0, width: 18, height: 18), Box(left: 21, top: 1, width: 18, height: 18)]
        let faces = boxes.map { FoundFace(Detection(box: $0, visible: 1, confidence: 1, landmarks: []), in: picture) }
        let answer = try reader.read(faces, of: picture, context: context)
        #expect(answer.estimates.map(\.face.box) == [boxes[0]] && answer.warnings.map(\.reason) == ["SCORES_NOT_FINITE"])
        #expect(answer.warnings[0].message.contains("18 x 18 pixels at 21, 1"))
        // Softmax of the biases, 0.5 and 0.25.
        #expect(abs(answer.estimates[0].nativeScores[0].score - 0.5621765) < 1e-6)
        let error = #expect(throws: ScoresNotFinite.self) { try reader.read([faces[1]], of: picture, context: context) }
        #expect(error?.description.contains("random-overflow") == true)
    }

    @Test("with NaN among its weights is not used")
    func notANumber() throws {
        try inTemporaryFolder { folder in
            // Biases of the last layer: 0.5 and 0.25, little endian. The file holds that pair once.
            var onnx = [UInt8](try Data(contentsOf: URL(filePath: Fixture.folder + "/overflow/face.onnx")))
            let pair: [UInt8] = [0, 0, 0, 0x3F, 0, 0, 0x80, 0x3E], place = try #require(onnx.firstRange(of: pair))
            onnx.replaceSubrange(place, with: [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x3E])
            try makePlugin("overflow", in: folder, onnx: onnx)
            let plugin = try OnnxFacePlugin(folder: folder), error = #expect(throws: EstimatorUnusable.self) { try FaceReader(plugin) }
            #expect(error?.description.contains("holds nan") == true)
        }
    }

    @Test("that is not what the manifest states is not used", arguments: [
        ("tiny", "\"height\": 32", "\"height\": 31", "its input is [any, 3, 32, 24]"), ("tiny", "\"width\": 24", "\"width\": 32", "face.json states 32 rows and 32 columns"),
        ("channels-last", "\"height\": 32", "\"height\": 33", "[any, 32, 24, 3]"), ("two-heads", "\"height\": 16", "\"height\": 32", "[1, 1, 16, 16]"),
        ("tiny", "\"logits\"", "\"scores\"", "its outputs are logits; face.json names \"scores\""), ("two-heads", "\"affect\"", "\"effect\"", "emotions, affect"),
        ("tiny", "\"dimension\": \"valence\",", "\"dimension\": \"dominance\", \"range\": [0, 1]}, {\"dimension\": \"valence\",", "[1, 10]; face.json states [1, 11]"),
        ("two-heads", "{\n          \"label\": \"other\",\n          \"category\": null\n        }", "{\"label\": \"other\", \"category\": null}, {\"label\": \"more\", \"category\": null}", "[1, 4]"),
    ])
    func mismatches(_ name: String, _ old: String, _ new: String, _ word: String) throws {
        try inTemporaryFolder { folder in
            #expect(try Fixture.json(name).contains(old))
            try makePlugin(name, in: folder, [(old, new)])
            let plugin = try OnnxFacePlugin(folder: folder), error = #expect(throws: EstimatorUnusable.self) { try FaceNetwork(plugin) }
            #expect(error?.description.hasPrefix("\(folder)/face.onnx: ") == true && error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test("reads as many channels as the manifest states colours")
    func channels() throws {
        try inTemporaryFolder { folder in
            try makePlugin("two-heads", in: folder, [("\"grey\"", "\"rgb\""), ("127.5\n", "127.5, 127.5, 127.5\n")])
            let plugin = try OnnxFacePlugin(folder: folder), error = #expect(throws: EstimatorUnusable.self) { try FaceNetwork(plugin) }
            #expect(error?.description.contains("1 channels") == true)
        }
    }

    @Test("is the file whose digest the manifest states")
    func digests() throws {
        try inTemporaryFolder { folder in
            try makePlugin("tiny", in: folder)
            let plugin = try OnnxFacePlugin(folder: folder), path = URL(filePath: folder + "/face.onnx")
            var onnx = try Data(contentsOf: path)
            onnx[onnx.count / 2] ^= 1
            try onnx.write(to: path)
            let changed = #expect(throws: EstimatorUnusable.self) { try FaceNetwork(plugin) }
            #expect(changed?.description.contains("has SHA-256 \(digest([UInt8](onnx))), and its manifest states \(plugin.manifest.model.sha256)") == true)
            // Between reading the manifest and reading the file.
            try FileManager.default.removeItem(at: path)
            let gone = #expect(throws: EstimatorUnusable.self) { try FaceNetwork(plugin) }
            #expect(gone?.description.contains("No such file") == true)
        }
    }

    @Test("that is no ONNX file, or one that cannot be computed here, is refused with the reason")
    func foreign() throws {
        try inTemporaryFolder { folder in
            try makePlugin("tiny", in: folder, onnx: Array("not a network".utf8))
            let plugin = try OnnxFacePlugin(folder: folder), error = #expect(throws: EstimatorUnusable.self) { try FaceNetwork(plugin) }
            #expect(error?.description.contains("not a") == true && error?.description.contains("ONNX") == true)
        }
    }

    @Test("is described by its manifest")
    func description() throws {
        let description = try Fixture.plugin("tiny").factory.description
        #expect(description.id == "random-tiny" && description.version == "1" && description.modality == .face && description.models == ["centerface", "random-tiny"])
        #expect(description.categories.count == 7 && description.dimensions == [.valence, .arousal] && description.nativeLabels.count == 10)
        #expect(description.minimumReliability == nil && !description.usesNeutral && description.attributes.isEmpty)
    }
}
