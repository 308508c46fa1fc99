package import MienEstimation
import MienMedia

/// Seven facial expressions: CenterFace finds the faces, mini-Xception reads each.
///
/// MODEL_CARD.md says what the answers are worth.
package let faceExpressionFactory = EstimatorFactory(description: FaceExpression.description) { models in
    try FaceExpression(detector: FaceDetector(path: models.path(model: "centerface", file: "centerface.onnx")),
                       classifier: EmotionClassifier(path: models.path(model: "fer-mini-xception", file: "mini_xception.safetensors")))
}

struct FaceExpression: FaceEstimator {
    let detector: FaceDetector
    let classifier: EmotionClassifier

    static let description = EstimatorDescription(
        id: "face-expression", version: "1",
        summary: "Basic facial expressions in photographs: anger, disgust, fear, happiness, sadness, surprise.",
        modality: .face, categories: EmotionClassifier.coverage.map(\.category), nativeLabels: EmotionClassifier.labels,
        models: ["centerface", "fer-mini-xception"])

    var description: EstimatorDescription { Self.description }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try context.checkCancellation()
        if options.wholePicture { return try estimateWhole(picture) }

        var detections = try detector.detect(picture, minimumConfidence: options.minimumConfidence)
        if let most = options.maximumFaces, detections.count > most {
            let largest = detections.indices.sorted { detections[$0].box.area > detections[$1].box.area }.prefix(max(most, 0))
            detections = largest.sorted().map { detections[$0] }
        }
        // Boxes are in pixels of the photo; the picture at hand may be a smaller version of it.
        let scale = Float(picture.width) / Float(picture.originalWidth)
        let crops = detections.map { EmotionClassifier.crop(picture, box: $0.box.scaled(by: scale), scale: scale) }
        let scores = try classifier.classify(crops, context: context)
        let estimates = zip(zip(detections, crops), scores).map { found, scores in
            let (detection, crop) = found
            let pose = HeadPose(landmarks: detection.landmarks)
            let assessment = FaceAssessment(crop: crop, side: min(detection.box.width, detection.box.height), pose: pose,
                                            visible: detection.visible, atEdge: detection.isAtEdge(of: picture))
            return estimate(DetectedFace(box: detection.box, landmarks: detection.landmarks, confidence: detection.confidence, pose: pose),
                            scores, assessment)
        }
        return FaceAnswer(estimates: estimates)
    }

    private func estimateWhole(_ picture: Picture) throws -> FaceAnswer {
        let crop = EmotionClassifier.whole(picture)
        let scores = try classifier.classify([crop], context: EstimationContext())
        let box = Box(left: 0, top: 0, width: Float(picture.originalWidth), height: Float(picture.originalHeight))
        let assessment = FaceAssessment(crop: crop, side: min(box.width, box.height), pose: nil)
        return FaceAnswer(estimates: [estimate(DetectedFace(box: box, landmarks: [], confidence: 1, pose: nil), scores[0], assessment)])
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

extension Detection {
    /// The detector fits its boxes to what it sees of a face, so a cut face shows mostly in a box that ends at the edge.
    func isAtEdge(of picture: Picture) -> Bool {
        let gap = min(box.left, box.top, Float(picture.originalWidth) - box.right, Float(picture.originalHeight) - box.bottom)
        return visible < 0.95 || gap < 0.05 * min(box.width, box.height)
    }
}

extension Box {
    var right: Float { left + width }
    var bottom: Float { top + height }
    var area: Float { width * height }

    /// Area that both cover.
    func intersection(_ other: Box) -> Float {
        max(0, min(right, other.right) - max(left, other.left)) * max(0, min(bottom, other.bottom) - max(top, other.top))
    }

    func scaled(by factor: Float) -> Box { Box(left: left * factor, top: top * factor, width: width * factor, height: height * factor) }
}
