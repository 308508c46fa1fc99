import Foundation
import InferenceCore
import MienEstimation
import MienJSON
import MienMedia
import MienNetworks
import ReferenceModels
import Testing
import TestSupport

@testable import EmpathicFace
@testable import FaceFinding

/// Of the fixtures, made by emonet_random.py --only face --encoder tiny --heads 3.
enum Tiny {
    static func inFolder(_ body: (String, ReferenceModel) throws -> Void) throws {
        try inTemporaryFolder { folder in try body(folder, ReferenceModel(tiny: folder)) }
    }

    @discardableResult
    static func pack(
        _ folder: String, _ model: ReferenceModel, _ precision: Precision, measuring pictures: [Picture] = []
    ) throws -> (file: PackedFile, drift: [HeadDrift]) {
        let path = "\(folder)/\(UUID().uuidString).mien"
        let drift = try FacePacking.pack(model.source, to: path, precision: precision, origin: "a test", measuring: pictures)
        return (try PackedFile(path: path, contents: FacePacking.model), drift)
    }

    static func picture(_ width: Int, _ height: Int, _ format: Picture.Format = .rgb) -> Picture {
        let pixels = (0..<width * height * format.channels).map { UInt8(truncatingIfNeeded: $0 &* 37 / 5 &+ $0 / width) }
        return Picture(width: width, height: height, format: format, pixels: pixels)
    }
}

@Suite("packing a model of faces")
struct FacePackingTests {
    /// Differences of a packed model's scores from PyTorch's.
    private func errors(_ folder: String, _ model: ReferenceModel, _ precision: Precision) throws -> [Double] {
        let file = try Tiny.pack(folder, model, precision).file, processor = try file.processor()
        try file.verify()
        let encoder = try FacePacking.encoder(in: file, on: processor), heads = try PackedHeads(file, on: processor), names = heads.entries.map(\.name)
        let pixels = try model.tensor("input.pixel_values"), pooled = try #require(try encoder.encode(pixels, layout: .channelsFirst).pooled)
        #expect(file.precision == precision && file.isRandom && file.facts["source"]?.string == "a test")
        return try model.errors(of: heads.together(names).run(pixels.shape[0], pooled.values), heads: names)
    }

    /// Bounds: what the project promises for full-size networks, of the scale of 7.
    @Test("a network of full size gives PyTorch's scores", .enabled(if: ReferenceModel.full("face") != nil, "MIEN_EMONET names no folder"),
          arguments: [(Precision.f32, 1e-3, 1e-3), (.f16, 0.035, 0.2), (.int8, 0.14, 0.7)])
    func fullSize(_ precision: Precision, mean: Double, largest: Double) throws {
        let model = try #require(ReferenceModel.full("face"))
        try inTemporaryFolder { folder in
            let errors = try errors(folder, model, precision), average = errors.reduce(0, +) / Double(errors.count)
            print("faces, \(precision): scores off by \(average) on average, \(errors.max()!) at most")
            #expect(average <= mean && errors.max()! <= largest)
        }
    }

    /// Bounds: f32 a few roundings of each of some hundred sums; f16 and int8 what their roundings may add up to over two layers, on scores of 0 to 7.
    @Test("what is packed gives PyTorch's scores", arguments: [(Precision.f32, 2e-5), (.f16, 8e-3), (.int8, 0.35)])
    func scores(_ precision: Precision, bound: Double) throws {
        try Tiny.inFolder { folder, model in
            let errors = try errors(folder, model, precision)
            #expect(errors.count == 3 * 2)
            for (place, error) in errors.enumerated() { #expect(error <= bound, "score \(place)") }
        }
    }

    @Test("what rounding changes is measured on given pictures and stated by head")
    func drift() throws {
        try Tiny.inFolder { folder, model in
            let pictures = [Tiny.picture(40, 31), Tiny.picture(9, 64, .gray)]
            #expect(try Tiny.pack(folder, model, .f32, measuring: pictures).drift.allSatisfy { $0.largest == 0 })
            let (file, drift) = try Tiny.pack(folder, model, .int8, measuring: pictures)
            let stated = try #require(file.facts["drift"])
            #expect(drift.count == 3 && stated["inputs"]?.number?.integer() == 2)
            for head in drift {
                #expect(head.mean > 0 && head.mean <= head.largest && head.largest < 0.5)
                #expect(stated["heads"]?[head.name]?["mean"]?.number?.double.map { Float($0) } == head.mean)
            }
            #expect(try Tiny.pack(folder, model, .int8).file.facts["drift"] == nil)
        }
    }

    @Test("sources that do not fit are refused, with the file's name", arguments: [
        ("encoder/config.json", "{\"model_type\": \"bert\"}", "bert"), ("encoder/config.json", "{", "config.json"),
        ("encoder/preprocessor_config.json", "{\"resample\": 3}", "bilinear"), ("encoder/preprocessor_config.json", "{\"image_mean\": [0.48, 0.45, 0.4]}", "bilinear"),
        ("heads/model_elation_best.pth", "not a checkpoint", "model_elation_best.pth"),
    ])
    func sources(_ name: String, _ text: String, _ word: String) throws {
        try Tiny.inFolder { folder, model in
            try text.write(toFile: "\(model.source)/\(name)", atomically: false, encoding: .utf8)
            let error = #expect(throws: ModelFileError.self) { try Tiny.pack(folder, model, .f32) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test("a head of another encoder is refused")
    func otherHead() throws {
        try Tiny.inFolder { folder, model in
            let tensor = Tensor(shape: [1, 7], values: [Float](repeating: 1, count: 7)), bias = Tensor(shape: [1], values: [0])
            let head = TorchFile.bytes([("layers.0.weight", tensor), ("layers.0.bias", bias)])
            try Data(head).write(to: URL(filePath: model.source + "/heads/model_awe_best.pth"))
            let error = #expect(throws: ModelFileError.self) { try Tiny.pack(folder, model, .f32) }
            #expect(error?.file.hasSuffix("model_awe_best.pth") == true)
        }
    }
}

@Suite("reading a packed model of faces")
struct FaceReaderTests {
    private let context = EstimationContext()

    @Test("an answer has every head's score, what is above neutral, and says that weights are random")
    func answer() throws {
        try Tiny.inFolder { folder, model in
            let reader = try FaceReader(Tiny.pack(folder, model, .f32).file), picture = Tiny.picture(64, 50), face = FoundFace(whole: picture)
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
        try Tiny.inFolder { folder, model in
            let reader = try FaceReader(Tiny.pack(folder, model, .f32).file), picture = Tiny.picture(20, 20)
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
        let estimate = FaceReader.estimate(face, [("valence", -3), ("arousal", 3.5), ("dominance", 5), ("emotional_vulnerability", 1)].map { NativeScore(label: $0, score: $1) }, assessment)
        #expect(estimate.dimensions.map(\.dimension) == [.valence, .arousal, .dominance] && estimate.dimensions.map(\.value) == [-1, 0, 1])
        #expect(estimate.attributes.map(\.value) == [-3, 3.5, 5, 1] && estimate.attributes[3].highEnd == "extremely open" && estimate.categories.isEmpty)
    }
}
