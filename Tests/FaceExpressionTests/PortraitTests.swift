import Foundation
import MienEstimation
import MienMedia
import Testing

/// What Scripts/reference/face_pipeline.py wrote.
struct Reference: Decodable {
    struct Face: Decodable {
        var box: [Float]
        var confidence: Float
        var landmarks: [Float]
        var probabilities: [Float]
    }

    var width: Int
    var height: Int
    var faces: [Face]
}

@Suite("The bundled portrait", .enabled(if: Models.areInstalled, "the models are not installed: mien models pull"))
struct PortraitTests {
    private func run(_ picture: Picture, _ options: FaceOptions = FaceOptions()) throws -> FaceAnswer {
        try Models.estimator.estimate(picture, options: options, context: EstimationContext())
    }

    @Test func theFaceIsWhereTheReferenceFindsIt() throws {
        let reference = try Fixture.json("astronaut.json", as: Reference.self)
        let picture = try Fixture.portrait()
        #expect((picture.width, picture.height) == (reference.width, reference.height))
        let answer = try run(picture)
        #expect(answer.estimates.count == reference.faces.count)
        for (estimate, expected) in zip(answer.estimates, reference.faces) {
            let box = estimate.face.box
            for (value, wanted) in zip([box.left, box.top, box.width, box.height], expected.box) { #expect(abs(value - wanted) < 0.05) }
            #expect(abs(estimate.face.confidence - expected.confidence) < 1e-3)
            let points = estimate.face.landmarks.flatMap { [$0.x, $0.y] }
            #expect(points.count == 10)
            for (value, wanted) in zip(points, expected.landmarks) { #expect(abs(value - wanted) < 0.05) }
            for (score, wanted) in zip(estimate.nativeScores, expected.probabilities) {
                #expect(abs(score.score - wanted) < 0.002, "\(score.label)")
            }
        }
    }

    @Test func anAstronautSmiles() throws {
        let estimate = try #require(try run(Fixture.portrait()).estimates.first)
        #expect(estimate.categories.first?.category == .elation)
        #expect(estimate.categories.first.map { $0.intensity > 0.9 } == true)
        #expect(estimate.categories.map(\.intensity) == estimate.categories.map(\.intensity).sorted(by: >))
        #expect(Set(estimate.categories.map(\.category)) == [.anger, .disgust, .fear, .elation, .sadness, .astonishment])
        #expect(estimate.nativeScores.map(\.label) == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"])
        #expect(abs(estimate.nativeScores.map(\.score).reduce(0, +) - 1) < 1e-4)
        #expect(estimate.categories.allSatisfy { $0.calibratedProbability == nil })
        #expect(estimate.warnings.isEmpty)
        #expect(estimate.quality.overall > 0.8)
        let pose = try #require(estimate.face.pose)
        #expect(abs(pose.yaw) < 20 && abs(pose.pitch) < 20 && (0...10).contains(pose.roll))
    }

    @Test func answersDoNotDependOnRepetition() throws {
        let picture = try Fixture.portrait()
        let scores = try (0..<3).map { _ in try run(picture).estimates.map { $0.nativeScores.map(\.score) } }
        #expect(scores[1] == scores[0] && scores[2] == scores[0])
    }

    /// Scaling while decoding must not move the face in the photo.
    @Test func aPhotoDecodedAtHalfSizeGivesTheBoxInPixelsOfThePhoto() throws {
        let full = try #require(try run(Fixture.portrait()).estimates.first)
        let half = try Fixture.portrait(PictureLimits(sufficientSide: 256))
        #expect((half.width, half.originalWidth) == (256, 512))
        let estimate = try #require(try run(half).estimates.first)
        #expect(abs(estimate.face.box.left - full.face.box.left) < 6)
        #expect(abs(estimate.face.box.top - full.face.box.top) < 6)
        #expect(abs(estimate.face.box.width - full.face.box.width) < 8)
        #expect(estimate.categories.first?.category == .elation)
    }

    @Test func largePicturesAreSearchedScaledDown() throws {
        let portrait = try Fixture.portrait()
        let large = portrait.resizedBilinear(width: 1536, height: 1536)
        let picture = Picture(width: 1536, height: 1536, format: .rgb, pixels: large.pixels)
        let estimate = try #require(try run(picture).estimates.first)
        #expect(abs(estimate.face.box.left - 3 * 181.5) < 15)
        #expect(abs(estimate.face.box.width - 3 * 88.5) < 20)
        #expect(estimate.categories.first?.category == .elation)
    }

    /// Two portraits side by side, the second mirrored, and a third cut by the edge.
    @Test func severalFacesAreAnsweredEach() throws {
        let portrait = try Fixture.portrait()
        let mirrored = portrait.oriented(.mirrored)
        var pixels: [UInt8] = []
        for y in 0..<300 {
            for source in [portrait, mirrored, portrait] { pixels += source.pixels[(y * 512 * 3)..<((y * 512 + 230) * 3)] }
        }
        let picture = Picture(width: 690, height: 300, format: .rgb, pixels: pixels)
        let answer = try run(picture)
        #expect(answer.estimates.count >= 2)
        #expect(answer.estimates.map(\.face.confidence) == answer.estimates.map(\.face.confidence).sorted(by: >))
        var options = FaceOptions()
        options.maximumFaces = 1
        let one = try run(picture, options)
        #expect(one.estimates.count == 1)
        let areas = answer.estimates.map { $0.face.box.width * $0.face.box.height }
        #expect(one.estimates.first.map { $0.face.box.width * $0.face.box.height } == areas.max())
        options.maximumFaces = 0
        #expect(try run(picture, options).estimates.isEmpty)
    }

    @Test func grayPhotosWork() throws {
        let estimate = try #require(try run(Fixture.portrait().grayscale()).estimates.first)
        #expect(estimate.categories.first?.category == .elation)
    }

    @Test(arguments: [185, 205, 215]) func aFaceAtTheEdgeIsClippedAndSaidToBe(left: Int) throws {
        let cut = try Fixture.portrait().cropped(left: left, top: 0, width: 512 - left, height: 512)
        let answer = try run(cut)
        let estimate = try #require(answer.estimates.first)
        let box = estimate.face.box
        #expect(box.left >= 0 && box.top >= 0 && box.left + box.width <= Float(512 - left) + 0.01 && box.top + box.height <= 512.01)
        #expect(estimate.warnings.contains { $0.reason == "FACE_AT_EDGE" })
    }

    @Test(arguments: [(1, 1), (31, 33), (640, 480), (5, 2000)]) func aPictureWithoutAFaceHasAnAnswer(width: Int, height: Int) throws {
        let answer = try run(blank(width, height))
        #expect(answer.estimates.isEmpty)
    }

    /// A threshold of 0 makes every cell a candidate; NaN makes none.
    @Test func extremeThresholdsAreSurvived() throws {
        var options = FaceOptions()
        options.minimumConfidence = -1
        let many = try run(blank(300, 200), options)
        #expect(many.estimates.count <= 1000)
        options.minimumConfidence = .nan
        #expect(try run(Fixture.portrait(), options).estimates.isEmpty)
    }

    @Test func theWholePictureCanBeTheFace() throws {
        var options = FaceOptions()
        options.wholePicture = true
        let picture = try Fixture.portrait().cropped(left: 166, top: 58, width: 120, height: 120)
        let answer = try run(picture, options)
        let estimate = try #require(answer.estimates.first)
        #expect(answer.estimates.count == 1)
        #expect(estimate.face.box == Box(left: 0, top: 0, width: 120, height: 120))
        #expect(estimate.face.landmarks.isEmpty && estimate.face.pose == nil && estimate.face.confidence == 1)
        #expect(estimate.categories.first?.category == .elation)
        #expect(try run(blank(1, 1), options).estimates.count == 1)
    }

    @Test func whoeverStopsWaitingIsHeard() throws {
        let picture = try Fixture.portrait()
        #expect(throws: CancellationError.self) {
            try Models.estimator.estimate(picture, options: FaceOptions(), context: EstimationContext { true })
        }
    }
}
