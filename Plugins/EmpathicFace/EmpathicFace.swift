import FaceFinding
package import MienEstimation
import MienMedia
import MienNetworks

/// EmoNet's 40 categories in faces: SigLIP2's vision tower reads a face, and a head for each category scores it (Empathic Insight Face, LAION).
///
/// The weights are pulled and packed on this machine: `mien models pack empathic-face`. MODEL_CARD.md says what the answers are worth.
package let empathicFaceFactory = EstimatorFactory(description: EmpathicFace.description) { models in
    try EmpathicFace(PackedFile(path: models.path(model: EmpathicFace.model, file: "model.mien"), contents: EmpathicFace.model), finder: FaceFinder(models))
}

struct EmpathicFace: FaceEstimator {
    /// Of the packed model, and of the estimator.
    static let model = "empathic-face"

    static let description = EstimatorDescription(
        id: model, version: "1", summary: "EmoNet's 40 emotion categories in faces, with valence, arousal, dominance and vulnerability.", modality: .face,
        categories: MienEstimation.Category.all, dimensions: [.valence, .arousal, .dominance], attributes: FaceHeads.attributes.map(\.name), nativeLabels: nativeLabels,
        models: [FaceFinder.model, model], minimumReliability: FaceHeads.minimumReliability, cost: 1500)

    /// As the heads' files are called.
    private static let nativeLabels = MienEstimation.Category.all.map { $0.headLabel.lowercased() } + FaceHeads.attributes.map(\.label)

    private let finder: FaceFinder
    private let reader: FaceReader

    var description: EstimatorDescription { Self.description }

    /// - Throws: `ModelFileError` if the file does not hold such a model, or was packed for other kernels.
    init(_ file: PackedFile, finder: FaceFinder) throws {
        reader = try FaceReader(file)
        self.finder = finder
    }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try context.checkCancellation()
        return try reader.read(finder.faces(in: picture, options: options), of: picture, categories: options.categories, context: context)
    }
}
