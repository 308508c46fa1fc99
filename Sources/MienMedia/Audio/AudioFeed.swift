/// Raw samples of a live stream as mono sound at 16 kHz: what `AudioSource` does, for sound that is pushed instead of pulled.
package final class AudioFeed {
    private let layout: RawPCM
    private let resampler: Resampler
    private var meter: AudioMeter
    /// The beginning of a frame whose rest has not come.
    private var partial: [UInt8] = []

    /// - Throws: `AUDIO_LAYOUT` if the rate is too low to be resampled.
    package init(_ layout: RawPCM) throws(AudioError) {
        self.layout = layout
        resampler = try Resampler(from: layout.sampleRate)
        meter = AudioMeter(sampleRate: layout.sampleRate, channels: layout.channels, fullScale: layout.fullScale)
    }

    /// Takes the next bytes, which need not end between samples; gives what they decide: finite, full scale is -1...1.
    package func push(_ bytes: some Collection<UInt8>) -> [Float] {
        partial += bytes
        let frames = partial.count / layout.frameWidth
        guard frames > 0 else { return [] }
        var samples = [Float](repeating: 0, count: frames * layout.channels), mono = [Float](repeating: 0, count: frames), output: [Float] = []
        samples.withUnsafeMutableBufferPointer { samples in
            mono.withUnsafeMutableBufferPointer { mono in
                partial.withUnsafeBytes { layout.decode($0[...], count: samples.count, into: samples) }
                meter.measure(samples, mixingInto: mono)
                resampler.process(UnsafeBufferPointer(mono), appendingTo: &output)
            }
        }
        partial.removeFirst(frames * layout.frameWidth)
        return output
    }

    /// Ends the stream: what the resampler still holds. Half a frame is left out.
    package func finish() -> [Float] {
        var output: [Float] = []
        resampler.finish(appendingTo: &output)
        return output
    }

    /// Of everything up to now, before it was mixed and resampled.
    package var quality: AudioQuality { meter.quality }
}

extension AudioQuality {
    /// Measures mono sound at 16 kHz.
    package init(_ samples: [Float]) {
        var meter = AudioMeter(sampleRate: Resampler.outputRate, channels: 1), samples = samples, mono = samples
        samples.withUnsafeMutableBufferPointer { samples in mono.withUnsafeMutableBufferPointer { meter.measure(samples, mixingInto: $0) } }
        self = meter.quality
    }
}
