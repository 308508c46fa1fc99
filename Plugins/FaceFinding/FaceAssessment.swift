package import MienEstimation
import MienMedia

/// How well a face is shown, and what to warn of.
///
/// The scores are rules of thumb over what a classifier sees, not learnt: 1 means that the faces of FER2013, a common set of training data,
/// are no better, and each falls to 0 where a classifier can no longer be expected to work. `overall` is the worst of them, less what lies outside the photo.
package struct FaceAssessment: Sendable {
    package let quality: InputQuality
    package let warnings: [EstimateWarning]

    /// Width and height, in pixels, that pictures of faces are judged at.
    static let cropSide = 64

    /// - Parameters:
    ///   - crop: What the classifier sees: 64 x 64, grey.
    ///   - side: Shorter side of the face's box, in pixels of the photo.
    ///   - pose: `nil` if unknown; counts as frontal.
    ///   - visible: Share of the face inside the photo, 0...1.
    ///   - atEdge: The face may go on beyond the photo.
    init(crop: Picture, side: Float, pose: HeadPose?, visible: Float = 1, atEdge: Bool = false) {
        let exposure = crop.exposure
        let size = Self.ramp(side, from: 8, to: 64)
        // The Laplacian grows with contrast; without it only focus is left. FER2013's median is 0.17, its lowest twentieth below 0.07;
        // blurred over 1.5 of its 48 pixels it is 0.01.
        let focus = Float(crop.laplacianVariance) / max(exposure.contrast * exposure.contrast, 1)
        let sharpness = focus > 0 ? Self.ramp(logarithm(focus), from: logarithm(0.003), to: logarithm(0.1)) : 0
        let light = min(Self.ramp(exposure.mean, from: 15, to: 60), Self.ramp(255 - exposure.mean, from: 15, to: 50))
            * (1 - max(0, exposure.black + exposure.white - 0.25) / 0.75)
        var frontal: Float = 1
        if let pose {
            frontal = min(Self.ramp(-abs(pose.yaw), from: -60, to: -15), Self.ramp(-abs(pose.pitch), from: -50, to: -15),
                          Self.ramp(-abs(pose.roll), from: -60, to: -15))
        }
        quality = InputQuality(overall: min(size, sharpness, light, frontal) * visible, size: size, sharpness: sharpness, exposure: light,
                               pose: frontal)

        var warnings: [EstimateWarning] = []
        func warn(_ reason: String, _ message: String) { warnings.append(EstimateWarning(reason: reason, message: message)) }
        if side < 40 { warn("FACE_SMALL", "the face is \(Int(side)) pixels wide; expressions need about 48") }
        if sharpness < 0.4 { warn("FACE_BLURRED", "the face is out of focus or moved") }
        if exposure.mean < 40 { warn("PICTURE_DARK", "the face is too dark") }
        if exposure.mean > 215 { warn("PICTURE_BRIGHT", "the face is too bright") }
        if let pose, abs(pose.yaw) > 35 || abs(pose.pitch) > 30 || abs(pose.roll) > 35 {
            warn("FACE_TURNED", "the face is turned away; the classifier knows faces seen from the front")
        }
        if atEdge { warn("FACE_AT_EDGE", "the face reaches the edge of the picture; part of it may be missing") }
        self.warnings = warnings
    }

    /// 0 at `from` and below, 1 at `to` and above, straight in between.
    private static func ramp(_ value: Float, from: Float, to: Float) -> Float { min(max((value - from) / (to - from), 0), 1) }
}
