import Foundation
import InferenceCore
import MienEstimation
import MienJSON
import MienMedia
import MienNetworks
import Testing

@testable import EmpathicFace
@testable import FaceFinding

/// A network of the same kind as the real one, with random weights, and what PyTorch gives in float64: Scripts/reference/emonet_random.py
/// --encoder tiny --heads 3.
enum Tiny {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
    static let expected = try! Safetensors(path: folder + "/expected.safetensors")

    /// A folder of its own for the body, gone afterwards.
    static func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mien-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @discardableResult
    static func pack(_ folder: String, _ precision: Precision, source: String = folder, measuring pictures: [Picture] = []) throws -> (file: PackedFile, drift: [HeadDrift]) {
        let path = "\(folder)/\(UUID().uuidString).mien"
        let drift = try FacePacking.pack(source, to: path, precision: precision, origin: "a test", measuring: pictures)
        return (try PackedFile(path: path, contents: FacePacking.model), drift)
    }

    static func picture(_ width: Int, _ height: Int, _ format: Picture.Format = .rgb) -> Picture {
        let pixels = (0..<width * height * format.channels).map { UInt8(truncatingIfNeeded: $0 &* 37 / 5 &+ $0 / width) }
        return Picture(width: width, height: height, format: format, pixels: pixels)
    }
}

/// The same at full size, if `MIEN_EMONET` names the folder in which emonet_random.py wrote it.
enum Full {
    static let folder = ProcessInfo.processInfo.environment["MIEN_EMONET"].map { $0 + "/face" }
}

@Suite("packing a model of faces")
struct FacePackingTests {
    /// Bounds: what the project promises for full-size networks, of the scale of 7.
    @Test("a network of full size gives PyTorch's scores", .enabled(if: Full.folder != nil, "MIEN_EMONET names no folder"),
          arguments: [(Precision.f32, 1e-3, 1e-3), (.f16, 0.035, 0.2), (.int8, 0.14, 0.7)])
    func fullSize(_ precision: Precision, mean: Double, largest: Double) throws {
        let source = try #require(Full.folder), expected = try Safetensors(path: source + "/expected.safetensors")
        try Tiny.inFolder { folder in
            let file = try Tiny.pack(folder, precision, source: source).file, processor = try file.processor()
            let encoder = try FacePacking.encoder(in: file, on: processor), heads = try PackedHeads(file, on: processor), names = heads.entries.map(\.name)
            let shape = try expected.tensor(named: "input.pixel_values").shape
            let pixels = Tensor(shape: shape, values: try expected.floats(named: "input.pixel_values"))
            let scores = heads.together(names).run(shape[0], try #require(encoder.encode(pixels, layout: .channelsFirst).pooled).values)
            var errors: [Double] = []
            for (index, name) in names.enumerated() {
                let wanted = try expected.floats(named: "expected.scores.\(name)")
                errors += wanted.enumerated().map { abs(Double(scores[$0 * names.count + index] - $1)) }
            }
            let average = errors.reduce(0, +) / Double(errors.count)
            print("faces, \(precision): scores off by \(average) on average, \(errors.max()!) at most")
            #expect(average <= mean && errors.max()! <= largest)
        }
    }

    /// Bounds: f32 a few roundings of each of some hundred sums; f16 and int8 what their roundings may add up to over two layers, on scores of 0 to 7.
    @Test("what is packed gives PyTorch's scores", arguments: [(Precision.f32, 2e-5), (.f16, 8e-3), (.int8, 0.35)])
    func scores(_ precision: Precision, bound: Double) throws {
        try Tiny.inFolder { folder in
            let file = try Tiny.pack(folder, precision).file, processor = try file.processor()
            try file.verify()
            #expect(file.precision == precision && file.isRandom && file.facts["source"]?.string == "a test")
            let encoder = try FacePacking.encoder(in: file, on: processor), heads = try PackedHeads(file, on: processor)
            let shape = try Tiny.expected.tensor(named: "input.pixel_values").shape
            let pixels = Tensor(shape: shape, values: try Tiny.expected.floats(named: "input.pixel_values"))
            let pooled = try #require(try encoder.encode(pixels, layout: .channelsFirst).pooled)
            let names = heads.entries.map(\.name), scores = heads.together(names).run(shape[0], pooled.values)
            #expect(names.count == 3)
            for (index, name) in names.enumerated() {
                for (row, wanted) in try Tiny.expected.floats(named: "expected.scores.\(name)").enumerated() {
                    #expect(abs(Double(scores[row * names.count + index] - wanted)) <= bound, "\(name), picture \(row)")
                }
            }
        }
    }

    @Test("what rounding changes is measured on given pictures and stated by head")
    func drift() throws {
        try Tiny.inFolder { folder in
            let pictures = [Tiny.picture(40, 31), Tiny.picture(9, 64, .gray)]
            #expect(try Tiny.pack(folder, .f32, measuring: pictures).drift.allSatisfy { $0.largest == 0 })
            let (file, drift) = try Tiny.pack(folder, .int8, measuring: pictures)
            let stated = try #require(file.facts["drift"])
            #expect(drift.count == 3 && stated["inputs"]?.number?.integer() == 2)
            for head in drift {
                #expect(head.mean > 0 && head.mean <= head.largest && head.largest < 0.5)
                #expect(stated["heads"]?[head.name]?["mean"]?.number?.double.map { Float($0) } == head.mean)
            }
            #expect(try Tiny.pack(folder, .int8).file.facts["drift"] == nil)
        }
    }

    @Test("sources that do not fit are refused, with the file's name", arguments: [
        ("encoder/config.json", "{\"model_type\": \"bert\"}", "bert"), ("encoder/config.json", "{", "config.json"),
        ("encoder/preprocessor_config.json", "{\"resample\": 3}", "bilinear"), ("encoder/preprocessor_config.json", "{\"image_mean\": [0.48, 0.45, 0.4]}", "bilinear"),
        ("heads/model_elation_best.pth", "not a checkpoint", "model_elation_best.pth"),
    ])
    func sources(_ name: String, _ text: String, _ word: String) throws {
        try Tiny.inFolder { folder in
            let source = folder + "/source"
            try FileManager.default.copyItem(atPath: Tiny.folder, toPath: source)
            try text.write(toFile: "\(source)/\(name)", atomically: false, encoding: .utf8)
            let error = #expect(throws: ModelFileError.self) { try Tiny.pack(folder, .f32, source: source) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test("a head of another encoder is refused")
    func otherHead() throws {
        try Tiny.inFolder { folder in
            let source = folder + "/source", other = URL(filePath: Tiny.folder).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "EmpathicVoiceTests/Fixtures/heads/model_Amusement_best.pth").path
            try FileManager.default.copyItem(atPath: Tiny.folder, toPath: source)
            try FileManager.default.copyItem(atPath: other, toPath: source + "/heads/model_awe_best.pth")
            let error = #expect(throws: ModelFileError.self) { try Tiny.pack(folder, .f32, source: source) }
            #expect(error?.file.hasSuffix("model_awe_best.pth") == true)
        }
    }
}

@Suite("reading a packed model of faces")
struct FaceReaderTests {
    private let context = EstimationContext()

    @Test("an answer has every head's score, what is above neutral, and says that weights are random")
    func answer() throws {
        try Tiny.inFolder { folder in
            let reader = try FaceReader(Tiny.pack(folder, .f32).file), picture = Tiny.picture(64, 50), face = FoundFace(whole: picture)
            let answer = try reader.read([face, face], of: picture, categories: nil, context: context)
            #expect(answer.warnings == [.randomWeights] && answer.estimates.count == 2)
            let estimate = answer.estimates[0]
            #expect(estimate.nativeScores.count == 3 && estimate.categories.count == 3)
            for category in estimate.categories {
                let neutral = try #require(FaceHeads.neutral[category.category])
                #expect(category.aboveNeutral == category.nativeScore - neutral && category.nativeScale == FaceHeads.scale && !category.abstains)
            }
            #expect(estimate.categories.map(\.intensity) == estimate.categories.map(\.intensity).sorted(by: >))
            #expect(answer.estimates[1].nativeScores == estimate.nativeScores)
            let some = try reader.read([face], of: picture, categories: [.elation], context: context).estimates[0]
            #expect(some.categories.map(\.category) == [.elation] && some.nativeScores.count == 1)
            #expect(some.nativeScores[0] == estimate.nativeScores.first { $0.label == "elation" })
            #expect(try reader.read([], of: picture, categories: nil, context: context).estimates.isEmpty)
        }
    }

    @Test("a cancelled call ends")
    func cancelled() throws {
        try Tiny.inFolder { folder in
            let reader = try FaceReader(Tiny.pack(folder, .f32).file), picture = Tiny.picture(20, 20)
            #expect(throws: CancellationError.self) {
                try reader.read([FoundFace(whole: picture)], of: picture, categories: nil, context: EstimationContext { true })
            }
        }
    }

    @Test("the published neutral means cover all categories, and only there a face is at 0")
    func neutral() {
        #expect(FaceHeads.neutral.count == 40)
        for category in MienEstimation.Category.all {
            let neutral = FaceHeads.neutral[category]!
            #expect(FaceReader.estimate(category, neutral).intensity == 0 && FaceReader.estimate(category, neutral - 1).intensity == 0)
            #expect(FaceReader.estimate(category, 7).intensity == 1 && FaceReader.estimate(category, 9).intensity == 1)
            let middle = FaceReader.estimate(category, (neutral + 7) / 2)
            #expect(abs(middle.intensity - 0.5) < 1e-6)
        }
        #expect(EmpathicFace.description.nativeLabels.contains("jealousy_&_envy") && EmpathicFace.description.nativeLabels.contains("impatience_and_irritability"))
        #expect(EmpathicFace.description.nativeLabels.prefix(40).compactMap { Category(matching: $0) } == Category.all)
    }

    @Test("dimensions have their true ends")
    func dimensions() {
        let assessment = FaceAssessment(FoundFace(whole: Tiny.picture(64, 64)), crop: Tiny.picture(64, 64)), face = FoundFace(whole: Tiny.picture(64, 64)).face
        let estimate = FaceReader.estimate(face, [("valence", -3), ("arousal", 3.5), ("dominance", 5), ("emotional_vulnerability", 1)], assessment)
        #expect(estimate.dimensions.map(\.dimension) == [.valence, .arousal, .dominance] && estimate.dimensions.map(\.value) == [-1, 0, 1])
        #expect(estimate.attributes.map(\.value) == [-3, 3.5, 5, 1] && estimate.attributes[3].highEnd == "extremely open" && estimate.categories.isEmpty)
    }
}
