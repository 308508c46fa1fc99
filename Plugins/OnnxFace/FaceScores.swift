import MienEstimation
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A network's numbers for one face, with the meaning that the manifest gives them.
struct FaceScores: Sendable {
    /// The strongest first.
    let categories: [CategoryEstimate]
    let dimensions: [DimensionEstimate]
    /// In the order of the numbers: labels after the activation, dimensions as they came.
    let native: [NativeScore]

    /// - Parameter numbers: For each output of the manifest as many as it has values.
    /// - Returns: Nil if a number is not finite.
    init?(_ numbers: [[Float]], _ manifest: FaceManifest) {
        guard numbers.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        var categories: [CategoryEstimate] = [], dimensions: [DimensionEstimate] = [], native: [NativeScore] = []
        for (output, numbers) in zip(manifest.outputs, numbers) {
            var scores = output.activation(zip(output.values, numbers).compactMap { if case .label = $0 { $1 } else { nil } })[...]
            for (value, number) in zip(output.values, numbers) {
                var score = number
                switch value {
                case .label(_, let category):
                    score = scores.removeFirst()
                    guard let category else { break }
                    categories.append(CategoryEstimate(category: category, intensity: output.scale.intensity(score, from: output.scale.minimum),
                                                       nativeScore: score, nativeScale: output.scale))
                case .dimension(let dimension, let scale):
                    dimensions.append(DimensionEstimate(dimension: dimension, value: scale.signed(number)))
                }
                native.append(NativeScore(label: value.label, score: score))
            }
        }
        self.categories = categories.strongestFirst
        self.dimensions = dimensions
        self.native = native
    }
}

extension FaceManifest.Output {
    /// The scores of the labels, from the network's numbers for them.
    func activation(_ numbers: [Float]) -> [Float] {
        switch activation {
        case .none: return numbers
        case .sigmoid: return numbers.map { Float(1 / (1 + exp(-Double($0)))) }
        case .softmax:
            // Less the largest, so that no power overflows.
            let largest = Double(numbers.max() ?? 0), powers = numbers.map { exp(Double($0) - largest) }, sum = powers.reduce(0, +)
            return powers.map { Float($0 / sum) }
        }
    }
}
