import Foundation
import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks
import ReferenceModels
import Testing
import TestSupport

@testable import EmpathicVoice

/// Of the fixtures, made by emonet_random.py --only voice --encoder tiny --heads 2.
enum Tiny {
    /// A pooled head that torch.save wrote, of a width that fits; nil without the shared reference vectors.
    static let pooledHead: String? = {
        let root = ProcessInfo.processInfo.environment["MIEN_SHARED"]
            ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardizedFileURL.path
        let path = root + "/reference/pooled_head_orig_mod_f32.pth"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static func inFolder(_ body: (String, ReferenceModel) throws -> Void) throws {
        try inTemporaryFolder { folder in try body(folder, ReferenceModel(tiny: folder)) }
    }

    static func pack(
        _ folder: String, _ model: ReferenceModel, _ precision: Precision, measuring clips: [[Float]] = []
    ) throws -> (file: PackedFile, drift: [HeadDrift]) {
        let path = "\(folder)/\(UUID().uuidString).mien"
        let drift = try VoicePacking.pack(model.source, to: path, precision: precision, origin: "a test", measuring: clips)
        return (try PackedFile(path: path, contents: VoicePacking.model), drift)
    }

    /// A gliding tone.
    static func clip(_ count: Int) -> [Float] { (0..<count).map { 0.3 * sin(Float($0) * (0.05 + Float($0 % 5000) * 1e-5)) } }
}

/// Hears speech everywhere; nothing here asks it.
private struct Everywhere: SpeechDetector, SpeechListener {
    let windowLength = 512
    func listen() -> any SpeechListener { self }
    mutating func push(_ samples: [Float]) -> [Float] { [] }
    mutating func finish() -> [Float] { [] }
}

@Suite("packing a model of voices")
struct VoicePackingTests {
    /// Differences of a packed model's scores from PyTorch's.
    private func errors(_ folder: String, _ model: ReferenceModel, _ precision: Precision) throws -> [Double] {
        let file = try Tiny.pack(folder, model, precision).file, network = try VoiceEncoding(file, on: file.processor()), names = network.heads.entries.map(\.name)
        try file.verify()
        let mel = try model.tensor("input.mel"), states = try #require(try network.encoder.encode(mel, layout: .melsFirst).output)
        return try model.errors(of: network.heads.together(names).run(mel.shape[0], states.values), heads: names)
    }

    /// Bounds: what the project promises for full-size networks, of the scale of 4.
    @Test("a network of full size gives PyTorch's scores", .enabled(if: ReferenceModel.full("voice") != nil, "MIEN_EMONET names no folder"),
          arguments: [(Precision.f32, 1e-3, 1e-3), (.f16, 0.02, 0.1), (.int8, 0.08, 0.4)])
    func fullSize(_ precision: Precision, mean: Double, largest: Double) throws {
        let model = try #require(ReferenceModel.full("voice"))
        try inTemporaryFolder { folder in
            let errors = try errors(folder, model, precision), average = errors.reduce(0, +) / Double(errors.count)
            print("voices, \(precision): scores off by \(average) on average, \(errors.max()!) at most")
            #expect(average <= mean && errors.max()! <= largest)
        }
    }

    /// Bounds as for faces.
    @Test("what is packed gives PyTorch's scores", arguments: [(Precision.f32, 2e-5), (.f16, 8e-3), (.int8, 0.35)])
    func scores(_ precision: Precision, bound: Double) throws {
        try Tiny.inFolder { folder, model in
            let errors = try errors(folder, model, precision)
            #expect(errors.count == 2 * 2)
            for (place, error) in errors.enumerated() { #expect(error <= bound, "score \(place)") }
        }
    }

    @Test("what rounding changes is measured on given sounds")
    func drift() throws {
        try Tiny.inFolder { folder, model in
            let clips = [Tiny.clip(3000), Tiny.clip(70_000)]
            #expect(try Tiny.pack(folder, model, .f32, measuring: clips).drift.allSatisfy { $0.largest == 0 })
            let drift = try Tiny.pack(folder, model, .int8, measuring: clips).drift
            #expect(drift.map(\.name) == ["Amusement", "Elation"] && drift.allSatisfy { $0.largest > 0 && $0.largest < 0.5 && $0.mean <= $0.largest })
        }
    }
}

@Suite("reading voices with a packed model")
struct EmpathicVoiceTests {
    private let context = EstimationContext()

    private func estimator(_ folder: String, _ model: ReferenceModel) throws -> EmpathicVoice {
        try EmpathicVoice(Tiny.pack(folder, model, .f32).file, detector: Everywhere())
    }

    @Test("a clip's reading does not depend on the others, and holds every head's score")
    func reading() throws {
        try Tiny.inFolder { folder, model in
            let estimator = try estimator(folder, model), clips = [Tiny.clip(9000), Tiny.clip(20_000), [0]]
            let all = try estimator.read(clips, options: VoiceReadingOptions(), context: context)
            for (clip, reading) in zip(clips, all) {
                let alone = try estimator.read([clip], options: VoiceReadingOptions(), context: context)[0]
                #expect(alone.nativeScores == reading.nativeScores && reading.length == clip.count && reading.warnings == [.randomWeights])
                #expect(Set(reading.categories.map(\.category)) == [.amusement, .elation] && reading.categories.allSatisfy { $0.aboveNeutral == nil })
            }
            let some = try estimator.read([clips[0]], options: VoiceReadingOptions(categories: [.elation]), context: context)[0]
            #expect(some.nativeScores == all[0].nativeScores.filter { $0.label == "Elation" } && some.categories.map(\.category) == [.elation])
        }
    }

    @Test("a clip longer than the encoder hears is read in equal parts, each weighing alike")
    func longClip() throws {
        try Tiny.inFolder { folder, model in
            let estimator = try estimator(folder, model), clip = Tiny.clip(2 * 32_000 + 998)
            let whole = try estimator.read([clip], options: VoiceReadingOptions(), context: context)[0]
            let count = clip.count / 3
            let parts = try estimator.read((0..<3).map { Array(clip[$0 * count..<($0 + 1) * count]) }, options: VoiceReadingOptions(), context: context)
            let combined = estimator.combine(parts, options: VoiceReadingOptions())
            #expect(whole.length == clip.count && combined.length == clip.count)
            for (one, other) in zip(whole.nativeScores, combined.nativeScores) { #expect(abs(one.score - other.score) < 1e-5) }
        }
    }

    @Test("a neutral voice is subtracted, and stays so when readings are combined")
    func neutral() throws {
        try Tiny.inFolder { folder, model in
            let estimator = try estimator(folder, model), clips = [Tiny.clip(9000), Tiny.clip(20_000)]
            let options = VoiceReadingOptions(neutral: [NativeScore(label: "Elation", score: 0.5), NativeScore(label: "nobody's", score: 3)])
            let readings = try estimator.read(clips, options: options, context: context)
            for reading in readings + [estimator.combine(readings, options: options)] {
                for category in reading.categories {
                    #expect(category.category == .elation ? abs(category.aboveNeutral! - (category.nativeScore - 0.5)) < 1e-5 : category.aboveNeutral == nil)
                }
            }
            #expect(EmpathicVoice.estimate(.elation, 0.5, neutral: 0.5).intensity == 0 && EmpathicVoice.estimate(.elation, 4, neutral: 0.5).intensity == 1)
            #expect(EmpathicVoice.estimate(.elation, 2, neutral: nil).intensity == 0.5 && EmpathicVoice.estimate(.elation, -1, neutral: nil).intensity == 0)
            #expect(EmpathicVoice.estimate(.elation, 6, neutral: nil).intensity == 1)
        }
    }

    @Test("a cancelled call ends")
    func cancelled() throws {
        try Tiny.inFolder { folder, model in
            let estimator = try estimator(folder, model)
            #expect(throws: CancellationError.self) { try estimator.read([[0, 1]], options: VoiceReadingOptions(), context: EstimationContext { true }) }
        }
    }

    @Test("heads of pooled states are read beside the others", .enabled(if: Tiny.pooledHead != nil, "the shared reference vectors are not there"))
    func pooled() throws {
        try Tiny.inFolder { folder, model in
            try FileManager.default.copyItem(atPath: #require(Tiny.pooledHead), toPath: model.source + "/heads/model_score_overall_quality_best.pth")
            let estimator = try estimator(folder, model)
            let reading = try estimator.read([Tiny.clip(9000)], options: VoiceReadingOptions(), context: context)[0]
            #expect(reading.attributes.map(\.attribute) == ["Overall Quality"] && reading.nativeScores.count == 3 && reading.categories.count == 2)
        }
    }

    /// From LAION's own configuration; several run against the order of their names.
    @Test("attributes have their true ends")
    func ends() throws {
        func ends(_ head: String) -> String? { VoiceHeads.attributes.first { $0.label == head }.map { "\($0.lowEnd), \($0.highEnd)" } }
        #expect(ends("Warm_vs._Cold") == "cold, warm" && ends("Soft_vs._Harsh") == "harsh, soft")
        #expect(ends("Vulnerable_vs._Emotionally_Detached") == "vulnerable, detached" && ends("Confident_vs._Hesitant") == "confident, hesitant")
        #expect(ends("High-Pitched_vs._Low-Pitched") == "disputed, disputed")
        let labels = EmpathicVoice.description.nativeLabels
        #expect(labels.count == 40 + 19 && labels.prefix(40).compactMap { Category(matching: $0) } == Category.all)
        #expect(labels.contains("Jealousy_&_Envy") && labels.contains("Intoxication_Altered_States_of_Consciousness"))
        #expect(VoiceHeads.attributes.allSatisfy { Category(matching: $0.label) == nil })
    }
}
