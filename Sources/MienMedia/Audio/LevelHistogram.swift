#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How often blocks of sound have which power, in steps of half a decibel from -150 to +210 dB.
struct LevelHistogram {
    private static let lowest = -150.0, highest = 210.0, stepsPerDecibel = 2.0

    private var counts = [Int](repeating: 0, count: Int((highest - lowest) * stepsPerDecibel))
    private(set) var count = 0
    /// Those with any power at all.
    private(set) var audible = 0

    mutating func add(power: Double) {
        count += 1
        guard power > 0 else { return }
        audible += 1
        counts[Self.step(power)] += 1
    }

    private static func step(_ power: Double) -> Int {
        Int((min(max(power.decibels, lowest), highest - 1 / stepsPerDecibel) - lowest) * stepsPerDecibel)
    }

    /// The power below which a share of the audible blocks lies, spread evenly over each step; 0 if there are none.
    func power(atQuantile quantile: Double) -> Double {
        var left = quantile * Double(audible)
        for (step, count) in counts.enumerated() where count > 0 {
            if left <= Double(count) { return pow(10, (Self.lowest + (Double(step) + left / Double(count)) / Self.stepsPerDecibel) / 10) }
            left -= Double(count)
        }
        return 0
    }

    /// Share of all blocks, 0...1.
    func share(below power: Double) -> Float {
        let louder = counts[Self.step(power)...].reduce(0, +)
        return count == 0 ? 0 : Float(Double(count - louder) / Double(count))
    }
}

extension Double {
    /// Of a ratio of powers.
    var decibels: Double { 10 * log10(self) }
}
