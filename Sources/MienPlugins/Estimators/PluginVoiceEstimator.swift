import MienEstimation
import MienMedia
import MienMessages
import SpeechFinding

/// Clips that a plugin reads: the host finds the speech.
struct PluginVoiceEstimator: VoiceEstimator, PluginEstimator {
    let description: EstimatorDescription
    let detector: any SpeechDetector
    private let input: Proto.VoiceInput
    private let reader: PluginReader
    let endpoint: any PluginEndpoint

    /// - Throws: What `SpeechFinding.detector` throws.
    init(_ estimator: Proto.PluginEstimator, _ input: Proto.VoiceInput, _ endpoint: any PluginEndpoint, _ models: any ModelFiles) throws {
        description = EstimatorDescription(estimator)
        self.input = input
        self.endpoint = endpoint
        reader = PluginReader(estimator)
        detector = try SpeechFinding.detector(models)
    }

    func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        let parts = clips.enumerated().flatMap { clip, samples in pieces(samples).map { (clip: clip, samples: $0) } }
        var readings: [[VoiceReading]] = clips.map { _ in [] }
        let batch = max(Int(reader.estimator.batch), 1)
        for start in stride(from: 0, to: parts.count, by: batch) {
            try context.checkCancellation()
            let some = parts[start..<min(start + batch, parts.count)]
            let request = Proto.PluginVoicesRequest(estimator: description.id, clips: some.map { bytes($0.samples) },
                                                    categories: options.categories?.map(\.name) ?? [],
                                                    neutral: options.neutral.map { Proto.NativeScore(label: $0.label, score: $0.score) })
            for (part, reading) in zip(some, try reader.read(endpoint.estimateVoices(request, context), count: some.count)) {
                readings[part.clip].append(VoiceReading(reading, length: part.samples.count))
            }
        }
        return readings.map { combine($0, options: options) }
    }

    /// A clip as pieces of equal length that the plugin wants.
    private func pieces(_ clip: [Float]) -> [ArraySlice<Float>] {
        let longest = max(Int(input.maximumSeconds * Float(AudioSource.sampleRate)), 1)
        let count = max(1, (clip.count + longest - 1) / longest)
        return (0..<count).map { clip[clip.count * $0 / count..<clip.count * ($0 + 1) / count] }
    }

    /// 32-bit little-endian floats.
    private func bytes(_ samples: ArraySlice<Float>) -> [UInt8] {
        #if _endian(little)
        samples.withUnsafeBytes(Array.init)
        #else
        samples.flatMap { sample in (0..<4).map { UInt8(truncatingIfNeeded: sample.bitPattern >> (8 * $0)) } }
        #endif
    }

    func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading { VoiceReading(meanOf: readings) }
}

extension VoiceReading {
    fileprivate init(_ reading: PluginReader.Reading, length: Int) {
        self.init(categories: reading.categories, dimensions: reading.dimensions, attributes: reading.attributes, nativeScores: reading.nativeScores,
                  predictionSet: reading.predictionSet, length: length, warnings: reading.warnings)
    }

    /// The mean of what several clips of one recording say, each weighing as much as it lasts: of each number over the clips that have it. A prediction set holds for one
    /// clip only, so that several have none.
    ///
    /// - Parameter readings: At least one.
    init(meanOf readings: [VoiceReading]) {
        guard readings.count > 1 else {
            self = readings[0]
            return
        }
        func mean<Key: Hashable, Item>(_ items: (VoiceReading) -> [Item], by key: (Item) -> Key, _ join: (inout Item, Mean) -> Void, _ numbers: [(Item) -> Float?]) -> [Item] {
            var order: [Key] = [], first: [Key: Item] = [:], means: [Key: Mean] = [:]
            for reading in readings {
                for item in items(reading) {
                    if first.updateValue(first[key(item)] ?? item, forKey: key(item)) == nil { order.append(key(item)) }
                    means[key(item), default: Mean(count: numbers.count)].add(numbers.map { $0(item) }, weight: Float(reading.length))
                }
            }
            return order.map { key in
                var item = first[key]!
                join(&item, means[key]!)
                return item
            }
        }
        let categories = mean(\.categories, by: \.category, { item, mean in
            item.intensity = mean[0] ?? 0
            item.nativeScore = mean[1] ?? 0
            item.calibratedProbability = mean[2]
            item.aboveNeutral = mean[3]
        }, [{ $0.intensity }, { $0.nativeScore }, { $0.calibratedProbability }, { $0.aboveNeutral }])
        let dimensions = mean(\.dimensions, by: \.dimension, { $0.value = $1[0] ?? 0 }, [{ $0.value }])
        let attributes = mean(\.attributes, by: \.attribute, { item, mean in
            item.value = mean[0] ?? 0
            item.aboveNeutral = mean[1]
        }, [{ $0.value }, { $0.aboveNeutral }])
        let scores = mean(\.nativeScores, by: \.label, { $0.score = $1[0] ?? 0 }, [{ $0.score }])
        self.init(categories: categories.strongestFirst, dimensions: dimensions, attributes: attributes, nativeScores: scores, predictionSet: nil,
                  length: readings.reduce(0) { $0 + $1.length }, warnings: readings.flatMap(\.warnings).firstOccurrences)
    }

    /// Weighted means of several numbers, each of which may be missing here and there.
    private struct Mean {
        private var sums: [Float]
        private var weights: [Float]

        init(count: Int) {
            sums = [Float](repeating: 0, count: count)
            weights = sums
        }

        mutating func add(_ numbers: [Float?], weight: Float) {
            for (index, number) in numbers.enumerated() {
                guard let number else { continue }
                sums[index] += number * weight
                weights[index] += weight
            }
        }

        /// Nil if no number was there.
        subscript(index: Int) -> Float? { weights[index] > 0 ? sums[index] / weights[index] : nil }
    }
}
