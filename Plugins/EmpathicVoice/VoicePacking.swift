package import InferenceCore
import MienMedia
package import MienNetworks
import MienJSON

/// Makes a packed file of what the model hub has: in one folder `encoder`, BUD-E-Whisper as transformers saves it, and `heads`, a checkpoint for each head.
package enum VoicePacking {
    /// Of the packed model.
    package static let model = EmpathicVoice.model

    /// - Parameters:
    ///   - source: The folder that holds both.
    ///   - path: Of the new file.
    ///   - origin: Where the weights come from, in words.
    ///   - clips: Mono sound at 16 kHz for which every head is also computed at f32 (of each the first half minute); the differences are stated in the file.
    /// - Returns: The differences; empty without clips.
    /// - Throws: `ModelFileError` naming the file that is to blame.
    package static func pack(
        _ source: String, to path: String, precision: Precision, origin: String, measuring clips: [[Float]] = [],
        progress: (_ part: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> [HeadDrift] {
        let processor = Processor(precision: precision), folder = source + "/encoder"
        let json = try ConfigurationFile(path: folder + "/config.json"), configuration = try WhisperConfiguration(json: json.bytes)
        let heads = try HeadPacking(source + "/heads", kind: .voice), weights = try Safetensors(folder: folder)
        let writer = try PackedFileWriter(path: path, contents: model, for: processor)
        let logMel = LogMel(mels: configuration.mels)
        func states(_ encoder: WhisperEncoder) throws -> [Float] {
            try clips.flatMap { clip in
                try encoder.encode(VoiceEncoding.features(clip.prefix(2 * configuration.positions * LogMel.hop), logMel, configuration)).output!.values
            }
        }
        progress("encoder", 0, 1)
        var whole = HeadPacking.Rows(packed: [], exact: [])
        do {
            let encoder = try WhisperEncoder(weights, configuration: configuration, on: processor)
            try writer.section("encoder") { try encoder.write(to: &$0) }
            whole.packed = try states(encoder)
        }
        if !clips.isEmpty {
            progress("encoder at f32, to compare", 0, 1)
            whole.exact = precision == .f32 ? whole.packed : try states(WhisperEncoder(weights, configuration: configuration, on: processor.at(.f32)))
        }
        func pool(_ rows: [Float]) -> [Float] {
            PooledStatistics.pool(rows, clips: clips.count, positions: configuration.positions, width: configuration.width)
        }
        let inputs = inputs(configuration), pooled = HeadPacking.Rows(packed: pool(whole.packed), exact: pool(whole.exact))
        let (entries, drift) = try heads.pack(to: writer, on: processor, rows: [inputs[1]: pooled].merging([inputs[0]: whole]) { $1 }, count: clips.count, progress: progress)
        try writer.finish(facts: PackedFacts.make(source: origin, isRandom: weights.isRandom, encoder: json.value, heads: entries, drift: drift, inputs: clips.count))
        return drift
    }

    /// How many values a head may read: all states, or their statistics over time.
    static func inputs(_ configuration: WhisperConfiguration) -> [Int] { [configuration.positions * configuration.width, 4 * configuration.width] }

    /// - Throws: `ModelFileError` if the file does not hold an encoder.
    static func encoder(in file: PackedFile, on processor: Processor) throws -> WhisperEncoder {
        let configuration = try WhisperConfiguration(json: Array(file.fact("encoder").text().utf8))
        return try file.read("encoder") { try WhisperEncoder(&$0, configuration: configuration, on: processor) }
    }
}
