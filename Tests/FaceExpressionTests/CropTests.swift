@testable import FaceExpression
import Foundation
import MienEstimation
import MienMedia
import Testing

@Suite struct CropTests {
    struct Case: Decodable {
        var box: [Float]
        var pixels: Data
    }

    private let picture: Picture = {
        var pixels: [UInt8] = []
        for y in 0..<120 {
            for x in 0..<160 {
                for channel in 1...3 { pixels.append(UInt8((x * 3 + y * 5 + x * y / 16 * channel) % 256)) }
            }
        }
        return Picture(width: 160, height: 120, format: .rgb, pixels: pixels)
    }()

    @Test func cropsAreThoseOfFerToTheBit() throws {
        for known in try Fixture.json("crops.json", as: [Case].self) {
            let box = Box(left: known.box[0], top: known.box[1], width: known.box[2], height: known.box[3])
            let crop = EmotionClassifier.crop(picture, box: box)
            #expect((crop.width, crop.height, crop.format) == (64, 64, .gray))
            #expect(crop.pixels == [UInt8](known.pixels), "box \(known.box)")
        }
    }

    @Test func grayPicturesGiveTheSameCrops() {
        let box = Box(left: 100.5, top: 3.25, width: 59.5, height: 20)
        #expect(EmotionClassifier.crop(picture.grayscale(), box: box).pixels == EmotionClassifier.crop(picture, box: box).pixels)
    }

    @Test(arguments: [(1, 1), (2, 1), (1, 300)]) func tinyPicturesHaveCrops(width: Int, height: Int) {
        let crop = EmotionClassifier.crop(blank(width, height, 77), box: Box(left: 0, top: 0, width: Float(width), height: Float(height)))
        #expect(crop.pixels.allSatisfy { $0 == 77 })
    }
}
