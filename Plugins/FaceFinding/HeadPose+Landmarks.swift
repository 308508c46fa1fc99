import MienEstimation

extension HeadPose {
    /// Estimates the angles from five landmarks, as `DetectedFace.landmarks` orders them. Good to some 10 degrees on adults: enough to
    /// say that a face is turned away, not where it looks.
    ///
    /// Seen from the front the nose tip lies on the line from the middle of the eyes to the middle of the mouth, a little below half way.
    /// It stands out of the plane of the other four by about 0.45 of the distance of the eyes, so turning the head moves it along that
    /// plane by the sine of the angle, while the eyes come closer by the cosine.
    ///
    /// `nil` if the points are too close together or not finite.
    init?(landmarks: [Point]) {
        guard landmarks.count == 5, landmarks.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return nil }
        let (rightEye, leftEye, nose) = (landmarks[0], landmarks[1], landmarks[2])
        let eyes = Point(x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2)
        let mouth = Point(x: (landmarks[3].x + landmarks[4].x) / 2, y: (landmarks[3].y + landmarks[4].y) / 2)
        let across = Point(x: leftEye.x - rightEye.x, y: leftEye.y - rightEye.y)
        let eyeDistance = (across.x * across.x + across.y * across.y).squareRoot()
        guard eyeDistance > 1 else { return nil }
        // Axes of the upright face: along the eyes to the right of the picture, and down from them.
        let (axisX, axisY) = (across.x / eyeDistance, across.y / eyeDistance)
        func upright(_ point: Point) -> Point {
            Point(x: (point.x - eyes.x) * axisX + (point.y - eyes.y) * axisY, y: (point.y - eyes.y) * axisX - (point.x - eyes.x) * axisY)
        }
        let tip = upright(nose), lips = upright(mouth)
        guard lips.y > 0.1 * eyeDistance else { return nil }
        let share = tip.y / lips.y
        self.init(yaw: arcTangent(tip.x - share * lips.x, Self.noseOverEyes * eyeDistance),
                  pitch: arcTangent((Self.frontalShare - share) * lips.y, Self.noseOverFace * lips.y),
                  roll: arcTangent(across.y, across.x))
    }

    /// Height of the nose tip over the plane of eyes and mouth, as a share of the distance of the eyes, and of that from eyes to mouth.
    private static let noseOverEyes: Float = 0.45
    private static let noseOverFace: Float = 0.42
    /// Where the nose tip lies between eyes (0) and mouth (1) in a frontal face.
    private static let frontalShare: Float = 0.52
}
