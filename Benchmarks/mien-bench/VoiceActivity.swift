import InferenceCore
import MienNetworks

/// `mien-bench vad FILE SECONDS THREADS`: resident like `run`; a line holds the seconds for a recording of SECONDS given at once, and given
/// window by window as it would be spoken.
func benchmarkVoiceActivity(_ path: String, length: Int, threads: Int) throws {
    let network = try SileroVAD(from: OnnxWeights(path: path), pool: WorkerPool(threads: threads))
    // Time does not depend on what is heard.
    let samples = (0..<length * SileroVAD.sampleRate).map { _ in Float.random(in: -0.5...0.5) }
    let windows = stride(from: 0, to: samples.count, by: network.windowLength).map { Array(samples[$0..<min($0 + network.windowLength, samples.count)]) }
    func live() throws {
        var stream = SileroStream(network)
        for window in windows { _ = try stream.push(window) }
        _ = stream.finish()
    }
    _ = try network.probabilities(of: samples)
    try answer {
        let whole = try seconds { _ = try network.probabilities(of: samples) }
        return try "{\"whole\": \(whole), \"live\": \(seconds(live))}"
    }
}
