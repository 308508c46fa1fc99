import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks

/// The encoder and the heads: from samples to scores.
struct VoiceEncoding: Sendable {
    let encoder: WhisperEncoder
    let heads: PackedHeads
    private let logMel: LogMel

    /// Parts whose states are in memory at a time; heads are read from memory once for all of them.
    private static let batch = 8

    /// Samples of the longest part.
    var longest: Int { 2 * encoder.configuration.positions * LogMel.hop }

    /// - Throws: `ModelFileError` if the file does not hold such a model.
    init(_ file: PackedFile, on processor: Processor) throws {
        encoder = try VoicePacking.encoder(in: file, on: processor)
        heads = try PackedHeads(file, on: processor)
        logMel = LogMel(mels: encoder.configuration.mels)
        for head in heads.entries where !VoicePacking.inputs(encoder.configuration).contains(head.inputs) {
            throw ModelFileError(.mismatch, file: file.path, "head '\(head.name)' reads \(head.inputs) values, which the encoder does not give")
        }
    }

    /// - Parameters:
    ///   - parts: At most `longest` samples each.
    ///   - names: Of heads.
    /// - Returns: For each part, a score for each head.
    func scores(_ parts: [ArraySlice<Float>], heads names: [String], context: EstimationContext) throws -> [[Float]] {
        let configuration = encoder.configuration, size = configuration.positions * configuration.width
        let isPooled = Dictionary(uniqueKeysWithValues: heads.entries.map { ($0.name, $0.inputs != size) })
        let whole = names.filter { isPooled[$0] == false }, pooled = names.filter { isPooled[$0] == true }
        let ofWhole = heads.together(whole), ofPooled = heads.together(pooled)
        var results: [[Float]] = []
        for start in stride(from: 0, to: parts.count, by: Self.batch) {
            let some = parts[start..<min(start + Self.batch, parts.count)]
            var states: [Float] = []
            states.reserveCapacity(some.count * size)
            for part in some {
                try context.checkCancellation()
                states += try encoder.encode(Self.features(part, logMel, configuration)).output!.values
            }
            try context.checkCancellation()
            let scores = ofWhole.run(some.count, states)
            let others = pooled.isEmpty ? [] : ofPooled.run(
                some.count, PooledStatistics.pool(states, clips: some.count, positions: configuration.positions, width: configuration.width))
            for row in 0..<some.count {
                let found = Dictionary(uniqueKeysWithValues: zip(whole, scores[row * whole.count..<(row + 1) * whole.count]))
                    .merging(zip(pooled, others[row * pooled.count..<(row + 1) * pooled.count])) { first, _ in first }
                results.append(names.map { found[$0]! })
            }
        }
        return results
    }

    /// `[1, frames, mels]`, silence after the sound: the heads know where in the window they are, so that it must never come before.
    static func features(_ samples: ArraySlice<Float>, _ logMel: LogMel, _ configuration: WhisperConfiguration) throws -> Tensor {
        let features = try logMel.features(of: Array(samples), window: 2 * configuration.positions)
        return Tensor(shape: [1, features.shape[0], features.shape[1]], values: features.values)
    }
}
