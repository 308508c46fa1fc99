/// What an estimator answers about one picture.
package struct FaceAnswer: Sendable {
    /// The most confident detection first.
    package var estimates: [FaceEstimate]
    /// About the picture as a whole.
    package var warnings: [EstimateWarning]
    package init(estimates: [FaceEstimate], warnings: [EstimateWarning] = []) {
        self.estimates = estimates
        self.warnings = warnings
    }
}

/// The emotions that one face shows, according to one estimator.
package struct FaceEstimate: Reading {
    package var face: DetectedFace
    /// One per category that is covered, or wanted; strongest first.
    package var categories: [CategoryEstimate]
    package var dimensions: [DimensionEstimate]
    package var attributes: [AttributeEstimate]
    /// The model's own classes, in the model's order.
    package var nativeScores: [NativeScore]
    package var quality: InputQuality
    package var warnings: [EstimateWarning]
    /// Of several estimators together: what each said.
    package var members: [MemberReading<FaceEstimate>] = []
    /// What others say beside it.
    package var shadows: [ShadowReading<FaceEstimate>] = []

    package init(face: DetectedFace, categories: [CategoryEstimate], dimensions: [DimensionEstimate] = [], attributes: [AttributeEstimate] = [],
                 nativeScores: [NativeScore], quality: InputQuality, warnings: [EstimateWarning] = []) {
        self.face = face
        self.categories = categories
        self.dimensions = dimensions
        self.attributes = attributes
        self.nativeScores = nativeScores
        self.quality = quality
        self.warnings = warnings
    }
}

/// How far a picture can carry an estimate. Each 0...1, 1 is best.
package struct InputQuality: Sendable, Hashable {
    package var overall: Float
    package var size: Float
    package var sharpness: Float
    package var exposure: Float
    package var pose: Float
    package init(overall: Float, size: Float, sharpness: Float, exposure: Float, pose: Float) {
        self.overall = overall
        self.size = size
        self.sharpness = sharpness
        self.exposure = exposure
        self.pose = pose
    }
}

package struct DetectedFace: Sendable {
    /// In pixels of the displayed picture, edges inside it.
    package var box: Box
    /// Right eye, left eye, nose tip, right and left corner of the mouth, as the subject has them; empty if the whole picture is the face.
    package var landmarks: [Point]
    /// 0...1; 1 if the whole picture is the face.
    package var confidence: Float
    package var pose: HeadPose?
    package init(box: Box, landmarks: [Point], confidence: Float, pose: HeadPose?) {
        self.box = box
        self.landmarks = landmarks
        self.confidence = confidence
        self.pose = pose
    }
}

package struct Box: Sendable, Hashable {
    package var left: Float
    package var top: Float
    package var width: Float
    package var height: Float
    package init(left: Float, top: Float, width: Float, height: Float) {
        self.left = left
        self.top = top
        self.width = width
        self.height = height
    }
}

package struct Point: Sendable, Hashable {
    package var x: Float
    package var y: Float
    package init(x: Float, y: Float) {
        self.x = x
        self.y = y
    }
}

/// Rough angles in degrees; 0 is frontal and upright.
package struct HeadPose: Sendable, Hashable {
    /// Positive: the face is turned towards the right edge of the picture.
    package var yaw: Float
    /// Positive: the face looks up.
    package var pitch: Float
    /// Positive: the head is tilted clockwise in the picture.
    package var roll: Float
    package init(yaw: Float, pitch: Float, roll: Float) {
        self.yaw = yaw
        self.pitch = pitch
        self.roll = roll
    }
}
