import Foundation
import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks
import Testing

@testable import EmpathicVoice

/// A network of the same kind as the real one, with random weights, and what PyTorch gives in float64: Scripts/reference/emonet_random.py
/// --encoder tiny --heads 2.
enum Tiny {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
    static let expected = try! Safetensors(path: folder + "/expected.safetensors")
    /// A pooled head that torch.save wrote, of a width that fits; nil without the shared reference vectors.
    static let pooledHead: String? = {
        let root = ProcessInfo.processInfo.environment["MIEN_SHARED"]
            ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardizedFileURL.path
        let path = root + "/reference/pooled_head_orig_mod_f32.pth"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mien-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    static func pack(_ folder: String, _ precision: Precision, source: String = folder, measuring clips: [[Float]] = []) throws -> (file: PackedFile, drift: [HeadDrift]) {
        let path = "\(folder)/\(UUID().uuidString).mien"
        let drift = try VoicePacking.pack(source, to: path, precision: precision, origin: "a test", measuring: clips)
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

/// The same at full size, if `MIEN_EMONET` names the folder in which emonet_random.py wrote it.
enum Full {
    static let folder = ProcessInfo.processInfo.environment["MIEN_EMONET"].map { $0 + "/voice" }
}

@Suite("packing a model of voices")
struct VoicePackingTests {
    /// Bounds: what the project promises for full-size networks, of the scale of 4.
    @Test("a network of full size gives PyTorch's scores", .enabled(if: Full.folder != nil, "MIEN_EMONET names no folder"),
          arguments: [(Precision.f32, 1e-3, 1e-3), (.f16, 0.02, 0.1), (.int8, 0.08, 0.4)])
    func fullSize(_ precision: Precision, mean: Double, largest: Double) throws {
        let source = try #require(Full.folder), expected = try Safetensors(path: source + "/expected.safetensors")
        try Tiny.inFolder { folder in
            let file = try Tiny.pack(folder, precision, source: source).file, network = try VoiceEncoding(file, on: file.processor())
            let shape = try expected.tensor(named: "input.mel").shape, names = network.heads.entries.map(\.name)
            let mel = Tensor(shape: shape, values: try expected.floats(named: "input.mel"))
            let scores = network.heads.together(names).run(shape[0], try #require(network.encoder.encode(mel, layout: .melsFirst).output).values)
            var errors: [Double] = []
            for (index, name) in names.enumerated() {
                let wanted = try expected.floats(named: "expected.scores.\(name)")
                errors += wanted.enumerated().map { abs(Double(scores[$0 * names.count + index] - $1)) }
            }
            let average = errors.reduce(0, +) / Double(errors.count)
            print("voices, \(precision): scores off by \(average) on average, \(errors.max()!) at most")
            #expect(average <= mean && errors.max()! <= largest)
        }
    }

    /// Bounds as for faces.
    @Test("what is packed gives PyTorch's scores", arguments: [(Precision.f32, 2e-5), (.f16, 8e-3), (.int8, 0.35)])
    func scores(_ precision: Precision, bound: Double) throws {
        try Tiny.inFolder { folder in
            let file = try Tiny.pack(folder, precision).file, processor = try file.processor()
            try file.verify()
            let network = try VoiceEncoding(file, on: processor), shape = try Tiny.expected.tensor(named: "input.mel").shape
            let mel = Tensor(shape: shape, values: try Tiny.expected.floats(named: "input.mel"))
            let states = try #require(try network.encoder.encode(mel, layout: .melsFirst).output)
            let names = network.heads.entries.map(\.name), scores = network.heads.together(names).run(shape[0], states.values)
            #expect(names == ["Amusement", "Elation"])
            for (index, name) in names.enumerated() {
                for (row, wanted) in try Tiny.expected.floats(named: "expected.scores.\(name)").enumerated() {
                    #expect(abs(Double(scores[row * names.count + index] - wanted)) <= bound, "\(name), clip \(row)")
                }
            }
        }
    }

    @Test("what rounding changes is measured on given sounds")
    func drift() throws {
        try Tiny.inFolder { folder in
            let clips = [Tiny.clip(3000), Tiny.clip(70_000)]
            #expect(try Tiny.pack(folder, .f32, measuring: clips).drift.allSatisfy { $0.largest == 0 })
            let drift = try Tiny.pack(folder, .int8, measuring: clips).drift
            #expect(drift.map(\.name) == ["Amusement", "Elation"] && drift.allSatisfy { $0.largest > 0 && $0.largest < 0.5 && $0.mean <= $0.largest })
        }
    }
}

@Suite("reading voices with a packed model")
struct EmpathicVoiceTests {
    private let context = EstimationContext()

    private func estimator(_ folder: String, source: String = Tiny.folder) throws -> EmpathicVoice {
        try EmpathicVoice(Tiny.pack(folder, .f32, source: source).file, detector: Everywhere())
    }

    @Test("a clip's reading does not depend on the others, and holds every head's score")
    func reading() throws {
        try Tiny.inFolder { folder in
            let estimator = try estimator(folder), clips = [Tiny.clip(9000), Tiny.clip(20_000), [0]]
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
        try Tiny.inFolder { folder in
            let estimator = try estimator(folder), clip = Tiny.clip(2 * 32_000 + 998)
            let whole = try estimator.read([clip], options: VoiceReadingOptions(), context: context)[0]
            let count = clip.count / 3
            let parts = try estimator.read((0..<3).map { Array(clip[$0 * count..<($0 + 1) * count]) }, options: VoiceReadingOptions(), context: context)
            let combined = estimator.combine(parts)
            #expect(whole.length == clip.count && combined.length == clip.count)
            for (one, other) in zip(whole.nativeScores, combined.nativeScores) { #expect(abs(one.score - other.score) < 1e-5) }
        }
    }

    @Test("a neutral voice is subtracted, and stays so when readings are combined")
    func neutral() throws {
        try Tiny.inFolder { folder in
            let estimator = try estimator(folder), clips = [Tiny.clip(9000), Tiny.clip(20_000)]
            let options = VoiceReadingOptions(neutral: [NativeScore(label: "Elation", score: 0.5), NativeScore(label: "nobody's", score: 3)])
            let readings = try estimator.read(clips, options: options, context: context)
            for reading in readings + [estimator.combine(readings)] {
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
        try Tiny.inFolder { folder in
            let estimator = try estimator(folder)
            #expect(throws: CancellationError.self) { try estimator.read([[0, 1]], options: VoiceReadingOptions(), context: EstimationContext { true }) }
        }
    }

    @Test("heads of pooled states are read beside the others", .enabled(if: Tiny.pooledHead != nil, "the shared reference vectors are not there"))
    func pooled() throws {
        try Tiny.inFolder { folder in
            let source = folder + "/source"
            try FileManager.default.copyItem(atPath: Tiny.folder, toPath: source)
            try FileManager.default.copyItem(atPath: #require(Tiny.pooledHead), toPath: source + "/heads/model_score_overall_quality_best.pth")
            let estimator = try estimator(folder, source: source)
            let reading = try estimator.read([Tiny.clip(9000)], options: VoiceReadingOptions(), context: context)[0]
            #expect(reading.attributes.map(\.attribute) == ["Overall Quality"] && reading.nativeScores.count == 3 && reading.categories.count == 2)
        }
    }

    /// From LAION's own configuration; several run against the order of their names.
    @Test("attributes have their true ends")
    func ends() throws {
        func ends(_ head: String) -> String? { VoiceHeads.attributes.first { $0.head == head }.map { "\($0.lowEnd), \($0.highEnd)" } }
        #expect(ends("Warm_vs._Cold") == "cold, warm" && ends("Soft_vs._Harsh") == "harsh, soft")
        #expect(ends("Vulnerable_vs._Emotionally_Detached") == "vulnerable, detached" && ends("Confident_vs._Hesitant") == "confident, hesitant")
        #expect(ends("High-Pitched_vs._Low-Pitched") == "disputed, disputed")
        let labels = EmpathicVoice.description.nativeLabels
        #expect(labels.count == 40 + 19 && labels.prefix(40).compactMap { Category(matching: $0) } == Category.all)
        #expect(labels.contains("Jealousy_&_Envy") && labels.contains("Intoxication_Altered_States_of_Consciousness"))
        #expect(VoiceHeads.attributes.allSatisfy { Category(matching: $0.head) == nil })
    }
}
