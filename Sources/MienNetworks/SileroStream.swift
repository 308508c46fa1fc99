package import InferenceCore

/// One sound that `SileroVAD` listens to, in pieces of any length. The probabilities are those of the whole sound, to the last bit.
package struct SileroStream: Sendable {
    private let network: SileroVAD
    private var memory: LSTM.State
    /// The context of the next window, and what there is of the window.
    private var held: [Float]

    package init(_ network: SileroVAD) {
        self.network = network
        memory = network.memory.initialState
        held = [Float](repeating: 0, count: network.contextLength)
    }

    /// Output and cell of the LSTM after the last complete window: `[2, units]`, row-major.
    package var state: [Float] { memory.hidden + memory.cell }

    /// Takes the next samples, and gives the probability of speech for each window that they complete.
    ///
    /// - Throws: `InferenceError` naming a sample that is NaN or beyond `SileroVAD.sampleLimit`; then nothing was taken, and the stream is
    ///   as it was.
    package mutating func push(_ samples: [Float]) throws(InferenceError) -> [Float] {
        try Self.check(samples)
        let (context, window) = (network.contextLength, network.windowLength)
        var probabilities: [Float] = []
        var start = 0
        while start < samples.count {
            let end = min(samples.count, start + context + SileroVAD.windowsPerBlock * window - held.count)
            held += samples[start..<end]
            start = end
            let windows = (held.count - context) / window
            guard windows > 0 else { continue }
            probabilities += network.run(held, windows: windows, &memory)
            held.removeFirst(windows * window)
        }
        return probabilities
    }

    /// Ends the sound: fills a window that has begun with silence, gives its probability (or nothing), and begins anew.
    package mutating func finish() -> [Float] {
        defer { reset() }
        let (context, window) = (network.contextLength, network.windowLength)
        guard held.count > context else { return [] }
        held += repeatElement(0, count: context + window - held.count)
        return network.run(held, windows: 1, &memory)
    }

    /// Forgets everything, as if newly made.
    package mutating func reset() { self = SileroStream(network) }

    private static func check(_ samples: [Float]) throws(InferenceError) {
        // As integers the magnitudes keep their order, with infinity and NaN on top; and the loop becomes vector instructions.
        let limit = SileroVAD.sampleLimit.bitPattern
        func magnitude(_ sample: Float) -> UInt32 { sample.bitPattern & 0x7fff_ffff }
        var largest: UInt32 = 0
        for sample in samples { largest = max(largest, magnitude(sample)) }
        guard largest > limit, let index = samples.firstIndex(where: { magnitude($0) > limit }) else { return }
        throw InferenceError("sample \(index) is \(samples[index]); samples are -1...1")
    }
}
