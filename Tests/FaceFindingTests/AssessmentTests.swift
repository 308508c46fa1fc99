@testable import FaceFinding
import Foundation
import MienEstimation
import MienMedia
import Testing

@Suite struct AssessmentTests {
    /// Five points of a face in space, turned and seen from afar.
    private func landmarks(yaw: Double = 0, pitch: Double = 0, roll: Double = 0, size: Double = 100) -> [Point] {
        // x to the right of the picture, y down, z towards the viewer; the distance of the eyes is 1.
        let points = [(-0.5, -0.5, 0.0), (0.5, -0.5, 0), (0, 0.06, 0.45), (-0.38, 0.57, 0), (0.38, 0.57, 0)]
        let (cy, sy, cp, sp, cr, sr) = (cos(yaw * .pi / 180), sin(yaw * .pi / 180), cos(pitch * .pi / 180), sin(pitch * .pi / 180),
                                        cos(roll * .pi / 180), sin(roll * .pi / 180))
        return points.map { x, y, z in
            let (x1, z1) = (x * cy + z * sy, z * cy - x * sy)
            let y2 = y * cp - z1 * sp
            return Point(x: Float((x1 * cr - y2 * sr) * size + 300), y: Float((x1 * sr + y2 * cr) * size + 200))
        }
    }

    @Test(arguments: [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 25), (0, 0, -25), (0, 0, 80), (20, 10, -15), (-25, -10, 30)])
    func poseIsRecoveredWithItsSigns(yaw: Double, pitch: Double, roll: Double) throws {
        let pose = try #require(HeadPose(landmarks: landmarks(yaw: yaw, pitch: pitch, roll: roll)))
        #expect(abs(Double(pose.yaw) - yaw) < 6, "yaw \(pose.yaw)")
        #expect(abs(Double(pose.pitch) - pitch) < 6, "pitch \(pose.pitch)")
        #expect(abs(Double(pose.roll) - roll) < 6, "roll \(pose.roll)")
    }

    @Test func pointsInAHeapHaveNoPose() {
        #expect(HeadPose(landmarks: [Point](repeating: Point(x: 5, y: 5), count: 5)) == nil)
        #expect(HeadPose(landmarks: []) == nil)
        #expect(HeadPose(landmarks: landmarks().map { Point(x: $0.x, y: .nan) }) == nil)
        #expect(HeadPose(landmarks: landmarks(size: 0.5)) == nil)
    }

    /// Stripes of the given width, between two grey levels.
    private func stripes(_ low: UInt8, _ high: UInt8, width: Int = 3) -> Picture {
        Picture(width: 64, height: 64, format: .gray, pixels: (0..<4096).map { ($0 % 64 / width + $0 / 64 / width) % 2 == 0 ? low : high })
    }

    private func reasons(_ crop: Picture, side: Float = 100, pose: HeadPose? = nil, atEdge: Bool = false) -> [String] {
        FaceAssessment(crop: crop, side: side, pose: pose, atEdge: atEdge).warnings.map(\.reason)
    }

    @Test func aGoodFaceHasNoWarnings() {
        let assessment = FaceAssessment(crop: stripes(80, 170), side: 100, pose: HeadPose(yaw: 5, pitch: -5, roll: 3))
        #expect(assessment.warnings.isEmpty)
        #expect(assessment.quality == InputQuality(overall: 1, size: 1, sharpness: 1, exposure: 1, pose: 1))
    }

    @Test func everyShortcomingIsNamed() {
        #expect(reasons(stripes(80, 170), side: 20) == ["FACE_SMALL"])
        #expect(reasons(stripes(10, 40)) == ["PICTURE_DARK"])
        #expect(reasons(stripes(225, 249)) == ["PICTURE_BRIGHT"])
        #expect(reasons(blank(64, 64, 128, .gray)) == ["FACE_BLURRED"])
        #expect(reasons(stripes(80, 170), pose: HeadPose(yaw: -50, pitch: 0, roll: 0)) == ["FACE_TURNED"])
        #expect(reasons(stripes(80, 170), pose: HeadPose(yaw: 0, pitch: 40, roll: 0)) == ["FACE_TURNED"])
        #expect(reasons(stripes(80, 170), pose: HeadPose(yaw: 0, pitch: 0, roll: 90)) == ["FACE_TURNED"])
        #expect(reasons(stripes(80, 170), atEdge: true) == ["FACE_AT_EDGE"])
    }

    @Test(arguments: [blank(64, 64, 0, .gray), blank(64, 64, 255, .gray), blank(64, 64, 128, .gray)])
    func qualityStaysWithinItsRange(crop: Picture) {
        for side: Float in [0, 1, 1e9] {
            let quality = FaceAssessment(crop: crop, side: side, pose: HeadPose(yaw: 180, pitch: -180, roll: 180), visible: 0).quality
            for value in [quality.overall, quality.size, quality.sharpness, quality.exposure, quality.pose] { #expect((0...1).contains(value)) }
            #expect(quality.overall == 0)
        }
    }
}
