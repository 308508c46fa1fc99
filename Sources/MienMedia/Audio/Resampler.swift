internal import CSamplerate

/// Brings one channel of sound to 16 kHz, block by block, by libsamplerate's band-limited interpolation.
///
/// Output sample `n` lies at the time of input sample `n * rate / 16000`: the filter's delay is taken out. The block lengths do not
/// change the result.
package final class Resampler {
    /// In Hz.
    package static let outputRate = 16_000

    /// Measured with sines from 44.1 and 48 kHz (library 0.2.2, one core; the worse of both): the best converter is flat to 7.5 kHz,
    /// errs by -140 dB and runs at 28 times real time; the medium one is flat to 6.4 kHz, loses 0.3 dB at 7 kHz and 2 dB at 7.2 kHz, errs
    /// by -121 dB, aliases by -116 dB and runs at 116 times; the fastest loses 3 dB at 6.4 kHz and 14 dB at 7 kHz, at 290 times.
    /// Fricatives reach beyond 6 kHz, the errors of all are below a 16-bit sample's own, and the best would take as long as some
    /// estimators do. So: medium.
    private static let converter = Int32(SRC_SINC_MEDIUM_QUALITY)

    /// In Hz; the library's ratios end at 256.
    package static let inputRates = 63...(256 * 16_000)

    private let inputRate: Int
    /// `nil`: nothing to do.
    private let state: OpaquePointer?
    private var consumed = 0
    private var produced = 0
    private var room = [Float](repeating: 0, count: 4096)

    /// - Throws: `AUDIO_LAYOUT` for a rate outside `inputRates`.
    package init(from inputRate: Int) throws(AudioError) {
        guard Self.inputRates.contains(inputRate) else {
            throw AudioError(.layout, "sound at \(inputRate) Hz cannot be resampled; \(Self.inputRates.lowerBound) Hz is the least")
        }
        self.inputRate = inputRate
        if inputRate == Self.outputRate {
            state = nil
        } else {
            var code: Int32 = 0
            state = src_new(Self.converter, 1, &code)
            precondition(state != nil, "libsamplerate starts: \(Self.text(code))")
        }
    }

    deinit { if let state { src_delete(state) } }

    /// Appends the output that `samples` and those before them decide. All must be finite.
    package func process(_ samples: UnsafeBufferPointer<Float>, appendingTo output: inout [Float]) {
        consumed += samples.count
        guard state != nil else {
            output.append(contentsOf: samples)
            produced += samples.count
            return
        }
        convert(samples, limit: Int.max, appendingTo: &output)
    }

    /// Appends the rest, as if silence followed: in all `round(frames * 16000 / rate)` samples. Nothing may follow.
    package func finish(appendingTo output: inout [Float]) {
        guard state != nil else { return }
        let total = Self.outputCount(of: consumed, rate: inputRate)
        let silence = [Float](repeating: 0, count: 1024)
        while produced < total {
            silence.withUnsafeBufferPointer { convert($0, limit: total, appendingTo: &output) }
        }
    }

    /// Samples at 16 kHz of `frames` frames at `rate` Hz.
    package static func outputCount(of frames: Int, rate: Int) -> Int {
        let whole = frames / rate, rest = frames % rate
        return whole * outputRate + (rest * outputRate * 2 + rate) / (2 * rate)
    }

    private func convert(_ samples: UnsafeBufferPointer<Float>, limit: Int, appendingTo output: inout [Float]) {
        guard let state, var next = samples.baseAddress else { return }
        var left = samples.count
        room.withUnsafeMutableBufferPointer { room in
            while true {
                var data = SRC_DATA()
                data.data_in = next
                data.input_frames = left
                data.data_out = room.baseAddress
                data.output_frames = room.count
                data.src_ratio = Double(Self.outputRate) / Double(inputRate)
                let code = src_process(state, &data)
                precondition(code == 0, "libsamplerate takes a block: \(Self.text(code))")
                let made = min(data.output_frames_gen, limit - produced)
                output.append(contentsOf: room[..<made])
                produced += made
                next += data.input_frames_used
                left -= data.input_frames_used
                if left == 0 && data.output_frames_gen < room.count || produced == limit { return }
            }
        }
    }

    private static func text(_ code: Int32) -> String { src_strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
