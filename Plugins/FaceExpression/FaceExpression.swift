import FaceFinding
package import MienEstimation
import MienMedia

/// Seven facial expressions: CenterFace finds the faces, mini-Xception reads each.
///
/// MODEL_CARD.md says what the answers are worth.
package let faceExpressionFactory = EstimatorFactory(description: FaceExpression.description) { models in
    try FaceExpression(finder: FaceFinder(models),
                       classifier: EmotionClassifier(path: models.path(model: "fer-mini-xception", file: "mini_xception.safetensors")))
}

struct FaceExpression: FaceEstimator {
    let finder: FaceFinder
    let classifier: EmotionClassifier

    static let description = EstimatorDescription(
        id: "face-expression", version: "1",
        summary: "Basic facial expressions in photographs: anger, disgust, fear, happiness, sadness, surprise.",
        modality: .face, categories: EmotionClassifier.coverage.map(\.category), nativeLabels: EmotionClassifier.labels,
        models: [FaceFinder.model, "fer-mini-xception"], cost: 0.3, skill: 0.55)

    var description: EstimatorDescription { Self.description }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try context.checkCancellation()
        let faces = try finder.faces(in: picture, options: options)
        let crops = faces.map { EmotionClassifier.crop(picture, to: $0) }
        let scores = try classifier.classify(crops, context: context)
        return FaceAnswer(estimates: zip(zip(faces, crops), scores).map { found, scores in
            estimate(found.0.face, scores, FaceAssessment(found.0, crop: found.1))
        })
    }

    private func estimate(_ face: DetectedFace, _ scores: [Float], _ assessment: FaceAssessment) -> FaceEstimate {
        let categories = EmotionClassifier.coverage.map { covered in
            CategoryEstimate(category: covered.category, intensity: scores[covered.output], nativeScore: scores[covered.output],
                             nativeScale: EmotionClassifier.scale)
        }
        return FaceEstimate(face: face, categories: categories.sorted { $0.intensity > $1.intensity },
                            nativeScores: zip(EmotionClassifier.labels, scores).map { NativeScore(label: $0, score: $1) },
                            quality: assessment.quality, warnings: assessment.warnings)
    }
}
