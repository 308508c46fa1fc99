import MienEstimation
import MienMessages

// The one place where answers of estimators become messages.

extension Proto.EstimateFaceResponse {
    init(requestId: String, picture: Proto.PictureInfo, answer: FaceAnswer, by estimator: EstimatorDescription, models: [String]) {
        let madeBy = Proto.MadeBy(estimator: estimator.id, version: estimator.version, models: models)
        let covered = estimator.categories.map(\.name)
        self.init(requestId: requestId, picture: picture,
                  estimates: answer.estimates.map { Proto.Estimate($0, madeBy: madeBy, covered: covered) },
                  warnings: answer.warnings.map(Proto.Warning.init))
    }
}

extension Proto.Estimate {
    init(_ estimate: FaceEstimate, madeBy: Proto.MadeBy, covered: [String]) {
        self.init(
            madeBy: madeBy,
            subject: .face(Proto.Face(estimate.face)),
            categories: estimate.categories.map { category in
                Proto.CategoryEstimate(
                    name: category.category.name, intensity: category.intensity, nativeScore: category.nativeScore,
                    nativeScale: Proto.NativeScale(minimum: category.nativeScale.minimum, maximum: category.nativeScale.maximum,
                                                   meaning: category.nativeScale.meaning),
                    calibratedProbability: category.calibratedProbability)
            },
            dimensions: estimate.dimensions.map { Proto.DimensionEstimate(name: $0.dimension.rawValue, value: $0.value) },
            nativeScores: estimate.nativeScores.map { Proto.NativeScore(label: $0.label, score: $0.score) },
            coveredCategories: covered,
            quality: Proto.InputQuality(overall: estimate.quality.overall, size: estimate.quality.size, sharpness: estimate.quality.sharpness,
                                        exposure: estimate.quality.exposure, pose: estimate.quality.pose),
            warnings: estimate.warnings.map(Proto.Warning.init))
    }
}

extension Proto.Face {
    init(_ face: DetectedFace) {
        self.init(box: Proto.Box(left: face.box.left, top: face.box.top, width: face.box.width, height: face.box.height),
                  landmarks: face.landmarks.map { Proto.Point(x: $0.x, y: $0.y) },
                  detectionConfidence: face.confidence,
                  pose: face.pose.map { Proto.HeadPose(yaw: $0.yaw, pitch: $0.pitch, roll: $0.roll) })
    }
}

extension Proto.Warning {
    init(_ warning: EstimateWarning) {
        self.init(reason: warning.reason, message: warning.message)
    }
}

extension Proto.Modality {
    init(_ modality: Modality) {
        switch modality {
        case .face: self = .face
        case .voice: self = .voice
        case .text: self = .text
        }
    }
}

extension Proto.EstimatorState {
    init(_ stage: EstimatorStage) {
        switch stage {
        case .idle: self = .idle
        case .loading: self = .loading
        case .ready: self = .ready
        case .unavailable: self = .unavailable
        }
    }
}
