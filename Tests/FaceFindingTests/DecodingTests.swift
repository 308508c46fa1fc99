@testable import FaceFinding
import InferenceCore
import MienEstimation
import Testing

@Suite struct DecodingTests {
    /// Maps of 3 x 4 cells in which every marked cell has a box of `extent` pixels.
    private func decode(_ marks: [Int: Float], extent: Float = 8, offset: (y: Float, x: Float) = (0, 0), width: Float = 16, height: Float = 12,
                        threshold: Float = 0.5) -> [Detection] {
        var heat = [Float](repeating: 0, count: 12)
        for (cell, score) in marks { heat[cell] = score }
        let logarithms: [Float: Float] = [4: 0, 8: 0.6931472, 16: 1.3862944, .infinity: .infinity, .nan: .nan]
        let scale = [Float](repeating: logarithms[extent] ?? .nan, count: 24)
        let offsets = (0..<12).flatMap { _ in [offset.y, offset.x] }
        let landmarks = (0..<12).flatMap { _ in (0..<10).map { Float($0) / 10 } }
        return FaceDetector.decode(heat: Tensor(shape: [1, 3, 4, 1], values: heat), scale: Tensor(shape: [1, 3, 4, 2], values: scale),
                                   offset: Tensor(shape: [1, 3, 4, 2], values: offsets), landmarks: Tensor(shape: [1, 3, 4, 10], values: landmarks),
                                   width: width, height: height, threshold: threshold)
    }

    @Test func aCellBecomesABoxAroundItsCentre() throws {
        let face = try #require(decode([6: 0.75], extent: 4, offset: (0.25, -0.25)).first)
        // Row 1, column 2: centre (2.5 - 0.25, 1.5 + 0.25) * 4.
        #expect(face.box == Box(left: 7, top: 5, width: 4, height: 4))
        #expect(face.confidence == 0.75)
        #expect(face.visible == 1)
        // Channels come in pairs of vertical and horizontal.
        #expect(abs(face.landmarks[0].x - 7.4) < 1e-5 && abs(face.landmarks[0].y - 5) < 1e-5)
        #expect(abs(face.landmarks[4].x - 10.6) < 1e-5 && abs(face.landmarks[4].y - 8.2) < 1e-5)
    }

    @Test func boxesAreClippedWhereTheyLeaveThePicture() throws {
        let face = try #require(decode([0: 0.9], extent: 16).first)
        // Centre (2, 2), 16 wide: from -6 to 10.
        #expect(abs(face.box.left) < 1e-5 && abs(face.box.width - 10) < 1e-4)
        #expect(abs(face.visible - 100.0 / 256) < 1e-4)
        #expect(decode([11: 0.9], extent: 4, width: 10, height: 8).isEmpty, "beyond the picture, in the padding")
    }

    @Test func candidatesComeStrongestFirstAndTiesInTheOrderOfTheGrid() {
        let faces = decode([1: 0.6, 3: 0.9, 8: 0.6, 10: 0.5], extent: 4)
        #expect(faces.map(\.confidence) == [0.9, 0.6, 0.6])
        #expect(faces.map(\.box.top) == [0, 0, 8])
    }

    @Test func nonsenseFromTheNetworkIsNoFace() {
        #expect(decode([5: 0.9], extent: .infinity).isEmpty)
        #expect(decode([5: 0.9], extent: .nan).isEmpty)
        #expect(decode([5: .nan]).isEmpty)
        #expect(decode([5: 0.9], offset: (.nan, 0)).isEmpty)
    }

    private func face(_ left: Float, _ confidence: Float, width: Float = 10) -> Detection {
        Detection(box: Box(left: left, top: 0, width: width, height: 10), visible: 1, confidence: confidence, landmarks: [])
    }

    @Test func overlappingBoxesAreOneFace() {
        // 10 x 10 shifted by d: IoU = (10 - d) / (10 + d); 0.3 at d = 5.385.
        #expect(FaceDetector.suppress([face(0, 0.9), face(5.3, 0.8)]).count == 1)
        #expect(FaceDetector.suppress([face(0, 0.9), face(5.5, 0.8)]).count == 2)
        // What a dropped box covers is not dropped with it.
        #expect(FaceDetector.suppress([face(0, 0.9), face(5, 0.8), face(10, 0.7)]).map(\.confidence) == [0.9, 0.7])
        #expect(FaceDetector.suppress([]).isEmpty)
    }
}
