import FaceFinding
import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks

/// The tower and the heads: from faces that were found to what they show.
struct FaceReader: Sendable {
    private let encoder: SiglipEncoder
    private let heads: PackedHeads
    private let warnings: [EstimateWarning]

    /// Faces that are read together: enough for both halves of the work, and a bound on memory.
    private static let batch = 8
    /// Added around a face's box, as a share of it: the heads were trained on portraits that show the whole head.
    static let margin: Float = 0.25

    /// - Throws: `ModelFileError` if the file does not hold such a model, or was packed for other kernels.
    init(_ file: PackedFile) throws {
        let processor = try file.processor()
        encoder = try FacePacking.encoder(in: file, on: processor)
        heads = try PackedHeads(file, on: processor)
        for head in heads.entries where head.inputs != encoder.configuration.width {
            throw ModelFileError(.mismatch, file: file.path, "head '\(head.name)' reads \(head.inputs) values, the encoder gives \(encoder.configuration.width)")
        }
        warnings = file.isRandom ? [.randomWeights] : []
    }

    /// - Parameter categories: The only ones that are wanted, without attributes and dimensions, whose heads are then not read; nil: everything.
    func read(_ faces: [FoundFace], of picture: Picture, categories: [MienEstimation.Category]?, context: EstimationContext) throws -> FaceAnswer {
        let wanted = heads.entries.map(\.name).needed(for: categories)
        let network = heads.together(wanted)
        var estimates: [FaceEstimate] = []
        for start in stride(from: 0, to: faces.count, by: Self.batch) {
            try context.checkCancellation()
            let some = faces[start..<min(start + Self.batch, faces.count)], crops = some.map { picture.cropped(to: $0, margin: Self.margin, isSquare: true) }
            let features = try encoder.encode(Self.pixels(crops, side: encoder.configuration.image)).pooled!
            let scores = network.run(some.count, features.values)
            for (index, (face, crop)) in zip(some, crops).enumerated() {
                let row = zip(wanted, scores[index * wanted.count..<(index + 1) * wanted.count]).map { NativeScore(label: $0, score: $1) }
                estimates.append(Self.estimate(face.face, row, FaceAssessment(face, crop: crop)))
            }
        }
        return FaceAnswer(estimates: estimates, warnings: warnings)
    }

    /// Pictures as SigLIP2's processor makes them: stretched to a square with antialiasing, -1...1.
    ///
    /// - Returns: `[pictures, side, side, 3]`
    static func pixels(_ pictures: [Picture], side: Int) -> Tensor {
        var input = Tensor(shape: [pictures.count, side, side, 3])
        input.withUnsafeMutableBufferPointer { values in
            for (index, picture) in pictures.enumerated() {
                let resized = picture.resizedSmoothly(width: side, height: side), count = 3 * side * side
                // Grey pixels three times.
                for place in 0..<count { values[index * count + place] = Float(resized.pixels[resized.format == .gray ? place / 3 : place]) / 127.5 - 1 }
            }
        }
        return input
    }

    static func estimate(_ face: DetectedFace, _ scores: [NativeScore], _ assessment: FaceAssessment) -> FaceEstimate {
        let categories = scores.compactMap { head in Category(matching: head.label).map { estimate($0, head.score) } }
        let (attributes, dimensions) = FaceHeads.attributes.estimates(of: scores, neutral: FaceHeads.neutralAttributes)
        return FaceEstimate(face: face, categories: categories.strongestFirst, dimensions: dimensions, attributes: attributes, nativeScores: scores,
                            quality: assessment.quality, warnings: assessment.warnings)
    }

    /// Intensity is 0 for a neutral face and 1 at the end of the scale.
    static func estimate(_ category: MienEstimation.Category, _ score: Float) -> CategoryEstimate {
        let neutral = FaceHeads.neutral[category] ?? 0, scale = FaceHeads.scale
        return CategoryEstimate(category: category, intensity: scale.intensity(score, from: neutral), nativeScore: score, nativeScale: scale,
                                aboveNeutral: score - neutral, raterReliability: FaceHeads.reliability[category])
    }
}
