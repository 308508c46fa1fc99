/// How a recording was made, in plain numbers; what to think of them is decided elsewhere.
///
/// Levels are in dB relative to full scale (dBFS): a constant 1 has 0 dB, a sine of amplitude 1 has -3 dB; nothing is below -150 dB.
package struct AudioQuality: Sendable, Hashable {
    /// In seconds.
    package var duration: Double
    /// As recorded, in Hz.
    package var sampleRate: Int
    package var channels: Int
    /// Largest magnitude of any channel, in dBFS.
    package var peak: Float
    /// Root of the mean square of the mean of all channels, in dBFS.
    package var level: Float
    /// Mean of all samples, in units of full scale.
    package var offset: Float
    /// Share of samples within runs of 3 or more at full scale in one channel, 0...1.
    package var clipped: Float
    /// Share of the blocks of 20 ms below -60 dBFS, offset aside, 0...1.
    package var silent: Float
    /// Samples that are not numbers, infinite or absurdly large (over +200 dBFS). They were replaced by 0.
    package var unusableSamples: Int
    /// Level of the quietest tenth of the blocks that are not digital silence, in dBFS; `nil` with less than half a second of these.
    package var noiseFloor: Float?
    /// By how much the loudest twentieth of those blocks stands above the noise floor, in dB, the noise in them taken out. Too low where
    /// the speaker never pauses. `nil` as for the noise floor.
    package var signalToNoise: Float?

    static let silence: Float = -150

    static func decibels(power: Double) -> Float {
        power > 0 ? max(silence, Float(power.decibels)) : silence
    }
}

/// Measures a recording as it passes by, in constant memory, and cleans it.
package struct AudioMeter {
    private let sampleRate: Int
    private let channels: Int
    private let fullScale: Float
    private let blockLength: Int

    private var frames = 0
    private var peak: Float = 0
    private var sum = 0.0
    private var squares = 0.0
    private var clipped = 0
    private var unusable = 0
    /// By channel: samples at full scale in a row, up to now.
    private var runs: [Int]
    private var block = (count: 0, sum: 0.0, squares: 0.0)
    private var levels = LevelHistogram()

    /// - Parameter fullScale: As in `AudioReader`.
    package init(sampleRate: Int, channels: Int, fullScale: Float = 32_767 / 32_768) {
        precondition(sampleRate > 0 && channels > 0, "a recording has a rate and channels")
        self.sampleRate = sampleRate
        self.channels = channels
        self.fullScale = fullScale
        blockLength = max(1, sampleRate / 50)
        runs = Array(repeating: 0, count: channels)
    }

    /// Largest magnitude that counts as a sample: 32-bit integers in a floating-point file pass, and no later sum overflows.
    private static let largest: Float = 1e10

    /// Takes in the next frames, replaces unusable samples by 0 and mixes the channels.
    ///
    /// - Parameters:
    ///   - samples: `[frames, channels]`.
    ///   - mono: `[frames]`: the mean of the channels.
    package mutating func measure(_ samples: UnsafeMutableBufferPointer<Float>, mixingInto mono: UnsafeMutableBufferPointer<Float>) {
        precondition(samples.count == mono.count * channels, "every frame has its channels")
        let share = 1 / Float(channels)
        runs.withUnsafeMutableBufferPointer { runs in
            var peak = peak
            for frame in 0..<mono.count {
                var mix: Float = 0
                for channel in 0..<channels {
                    var value = samples[frame * channels + channel]
                    var magnitude = abs(value)
                    // False for what is not a number, too.
                    if !(magnitude <= Self.largest) {
                        (value, magnitude) = (0, 0)
                        samples[frame * channels + channel] = 0
                        unusable += 1
                    }
                    if magnitude >= fullScale {
                        runs[channel] += 1
                        if runs[channel] >= 3 { clipped += runs[channel] == 3 ? 3 : 1 }
                    } else {
                        runs[channel] = 0
                    }
                    peak = max(peak, magnitude)
                    mix += value
                }
                mono[frame] = mix * share
            }
            self.peak = peak
        }
        frames += mono.count
        measureBlocks(UnsafeBufferPointer(mono))
    }

    private mutating func measureBlocks(_ mono: UnsafeBufferPointer<Float>) {
        var start = 0
        while start < mono.count {
            let end = min(mono.count, start + blockLength - block.count)
            var sum = 0.0, squares = 0.0
            for index in start..<end {
                let value = Double(mono[index])
                sum += value
                squares += value * value
            }
            block = (block.count + end - start, block.sum + sum, block.squares + squares)
            if block.count == blockLength { closeBlock() }
            start = end
        }
    }

    private mutating func closeBlock() {
        let mean = block.sum / Double(block.count)
        // Two large numbers that are nearly equal leave their rounding; what is below that is no sound.
        let power = block.squares / Double(block.count) - mean * mean
        levels.add(power: power > mean * mean * 1e-12 ? power : 0)
        sum += block.sum
        squares += block.squares
        block = (0, 0, 0)
    }

    /// Of all that was taken in up to now.
    package var quality: AudioQuality {
        var whole = self
        // The last block is shorter, and counts if it has at least half its length or is all there is.
        if block.count * 2 >= blockLength || block.count > 0 && levels.count == 0 {
            whole.closeBlock()
        } else {
            whole.sum += block.sum
            whole.squares += block.squares
        }
        let count = Double(max(frames, 1))
        let noise = whole.levels.audible >= 25 ? whole.levels.power(atQuantile: 0.1) : nil
        let loud = whole.levels.power(atQuantile: 0.95)
        return AudioQuality(
            duration: Double(frames) / Double(sampleRate), sampleRate: sampleRate, channels: channels,
            peak: AudioQuality.decibels(power: Double(peak) * Double(peak)), level: AudioQuality.decibels(power: whole.squares / count),
            offset: Float(whole.sum / count), clipped: Float(Double(clipped) / (count * Double(channels))),
            silent: whole.levels.share(below: 1e-6), unusableSamples: unusable, noiseFloor: noise.map { AudioQuality.decibels(power: $0) },
            signalToNoise: noise.map { Float(max(loud / $0 - 1, 1e-3).decibels) })
    }
}
