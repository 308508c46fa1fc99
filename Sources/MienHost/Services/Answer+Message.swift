import MienEstimation
import MienMessages

// The one place where answers of estimators become messages.

extension Proto.EstimateFaceResponse {
    init(requestId: String, picture: Proto.PictureInfo, answer: FaceAnswer, by interpreter: Interpreter) {
        self.init(requestId: requestId, picture: picture,
                  estimates: answer.estimates.map { Proto.Estimate($0, by: interpreter) },
                  warnings: answer.warnings.map(Proto.Warning.init) + interpreter.warnings)
    }
}

extension Proto.EstimateVoiceResponse {
    init(requestId: String, audio: Proto.AudioInfo, answer: VoiceAnswer, by interpreter: Interpreter) {
        self.init(requestId: requestId, audio: audio,
                  estimates: answer.estimates.map { Proto.Estimate($0, by: interpreter) },
                  utterances: answer.utterances.map { Proto.VoiceSegment($0, speech: $0.count) },
                  warnings: answer.warnings.map(Proto.Warning.init) + interpreter.warnings)
    }
}

extension Proto.Estimate {
    init(_ estimate: FaceEstimate, by interpreter: Interpreter) {
        self.init(
            madeBy: interpreter.madeBy,
            subject: .face(Proto.Face(estimate.face)),
            categories: interpreter.categories(estimate.categories),
            dimensions: estimate.dimensions.map(Proto.DimensionEstimate.init),
            nativeScores: estimate.nativeScores.map(Proto.NativeScore.init),
            coveredCategories: interpreter.covered,
            quality: Proto.InputQuality(overall: estimate.quality.overall, size: estimate.quality.size, sharpness: estimate.quality.sharpness,
                                        exposure: estimate.quality.exposure, pose: estimate.quality.pose),
            warnings: estimate.warnings.map(Proto.Warning.init),
            attributes: estimate.attributes.map(Proto.AttributeEstimate.init),
            members: interpreter.members(estimate.members), shadows: interpreter.shadows(of: estimate))
    }

    init(_ estimate: VoiceEstimate, by interpreter: Interpreter) {
        let reading = estimate.reading
        self.init(
            madeBy: interpreter.madeBy,
            subject: .voice(Proto.VoiceSegment(estimate.segment, speech: estimate.speech)),
            categories: interpreter.categories(reading.categories),
            dimensions: reading.dimensions.map(Proto.DimensionEstimate.init),
            nativeScores: reading.nativeScores.map(Proto.NativeScore.init),
            coveredCategories: interpreter.covered,
            warnings: estimate.warnings.map(Proto.Warning.init),
            voiceQuality: Proto.VoiceQuality(estimate.quality),
            predictionSet: reading.predictionSet.map(Proto.PredictionSet.init),
            baseline: estimate.baseline.map { interpreter.baseline($0, of: reading) },
            attributes: reading.attributes.map(Proto.AttributeEstimate.init),
            members: interpreter.members(reading.members), shadows: interpreter.shadows(of: reading))
    }
}

extension Proto.CategoryEstimate {
    init(_ category: CategoryEstimate, rank: UInt32) {
        self.init(
            name: category.category.name, intensity: category.intensity, nativeScore: category.nativeScore,
            nativeScale: Proto.NativeScale(category.nativeScale), calibratedProbability: category.calibratedProbability,
            aboveNeutral: category.aboveNeutral, raterReliability: category.raterReliability, rank: rank, abstained: category.abstains,
            disagreement: category.disagreement)
    }
}

extension Proto.AttributeEstimate {
    init(_ attribute: AttributeEstimate) {
        self.init(name: attribute.attribute, value: attribute.value, scale: Proto.NativeScale(attribute.scale),
                  lowEnd: attribute.lowEnd, highEnd: attribute.highEnd, aboveNeutral: attribute.aboveNeutral)
    }
}

extension Proto.NativeScale {
    init(_ scale: NativeScale) { self.init(minimum: scale.minimum, maximum: scale.maximum, meaning: scale.meaning) }
}

extension Proto.DimensionEstimate {
    init(_ dimension: DimensionEstimate) { self.init(name: dimension.dimension.rawValue, value: dimension.value, disagreement: dimension.disagreement) }
}

extension Proto.NativeScore {
    init(_ score: NativeScore) { self.init(label: score.label, score: score.score) }
}

extension Proto.PredictionSet {
    init(_ set: PredictionSet) { self.init(labels: set.labels, coverage: set.coverage) }
}

extension Proto.VoiceSegment {
    /// - Parameters: in samples at 16 kHz.
    init(_ segment: Range<Int>, speech: Int) {
        self.init(start: seconds(segment.lowerBound), end: seconds(segment.upperBound), speech: seconds(speech))
    }
}

/// Seconds of so many samples at 16 kHz; exact.
func seconds(_ samples: Int) -> Double { Double(samples) / 16_000 }

extension Proto.VoiceQuality {
    init(_ quality: VoiceQuality) {
        self.init(overall: quality.overall, level: quality.level, clipping: quality.clipping, noise: quality.noise, rmsDbfs: quality.rms,
                  peakDbfs: quality.peak, snrDb: quality.signalToNoise, clipped: quality.clipped)
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
