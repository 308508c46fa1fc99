import MienClient
import MienEstimation
@testable import MienHost
import MienMedia
import MienMessages
import MienWire
import Testing

@Suite(.timeLimit(.minutes(3))) struct EstimationTests {
    @Test func everyPartOfAnEstimateArrives() async throws {
        let pair = HostPair([FakeFaces.factory(models: ["m"])])
        let answer = try await pair.client.estimateFace(.gray(51, id: "tag"))
        #expect(answer.message == Proto.EstimateFaceResponse(
            requestId: "tag",
            picture: Proto.PictureInfo(width: 2, height: 2, format: "raw"),
            estimates: [
                Proto.Estimate(
                    madeBy: Proto.MadeBy(estimator: "fake", version: "7", models: ["m@3"]),
                    subject: .face(Proto.Face(box: Proto.Box(left: 0, top: 0, width: 2, height: 2), landmarks: [Proto.Point(x: 1, y: 2)],
                                              detectionConfidence: 0.75, pose: Proto.HeadPose(yaw: 1, pitch: 2, roll: 3))),
                    categories: [
                        Proto.CategoryEstimate(name: "Anger", intensity: 0.2, nativeScore: 1.4,
                                               nativeScale: Proto.NativeScale(minimum: 0, maximum: 7, meaning: "test"), rank: 1)
                    ],
                    dimensions: [Proto.DimensionEstimate(name: "valence", value: -0.5)],
                    nativeScores: [Proto.NativeScore(label: "angry", score: 1.4)],
                    coveredCategories: ["Anger"],
                    quality: Proto.InputQuality(overall: 0.1, size: 0.2, sharpness: 0.3, exposure: 0.4, pose: 0.5),
                    warnings: [Proto.Warning(reason: "FACE_SMALL", message: "small")])
            ],
            warnings: [Proto.Warning(reason: "PICTURE_DARK", message: "dark")]))
        await pair.close()
    }

    @Test func theAccountOfACallIsInItsTrailingMetadata() async throws {
        let pair = HostPair([FakeFaces.factory(models: ["a", "b"])])
        let answer = try await pair.client.estimateFace(.gray())
        for name in ["mien-queue-us", "mien-decode-us", "mien-compute-us"] { #expect(UInt64(answer[name] ?? "") != nil) }
        #expect(answer["mien-kernels"] == "scalar")
        #expect(answer["mien-models"] == "a@3,b@3")
        await pair.close()
    }

    @Test func optionsReachTheEstimator() async throws {
        let seen = Locked<FaceOptions?>(nil)
        let pair = HostPair([FakeFaces.factory { picture, options, _ in seen.withLock { $0 = options }; return FakeFaces.answer(picture) }])
        var request = Proto.EstimateFaceRequest.gray()
        request.options = Proto.FaceOptions(wholePicture: true, minimumConfidence: 0.25, maxFaces: 4)
        _ = try await pair.client.estimateFace(request)
        let options = seen.withLock { $0 }
        #expect(options?.wholePicture == true)
        #expect(options?.minimumConfidence == 0.25)
        #expect(options?.maximumFaces == 4)
        await pair.close()
    }

    // MARK: What a caller can get wrong

    struct Mistake: Sendable, CustomTestStringConvertible {
        var request: Proto.EstimateFaceRequest
        var reason: String
        var field: String
        var message: String
        var testDescription: String { "\(reason) \(field)" }

        init(_ picture: Proto.EstimateFaceRequest.Picture?, options: Proto.FaceOptions? = nil, id: String = "", _ reason: String, _ field: String,
             _ message: String) {
            request = Proto.EstimateFaceRequest(requestId: id, picture: picture, options: options)
            (self.reason, self.field, self.message) = (reason, field, message)
        }

        static func raw(_ width: UInt32, _ height: UInt32, _ format: Proto.PixelFormat, _ bytes: Int) -> Proto.EstimateFaceRequest.Picture {
            .raw(Proto.RawPicture(width: width, height: height, format: format, pixels: [UInt8](repeating: 0, count: bytes)))
        }

        static let good = raw(1, 1, .gray8, 1)
    }

    @Test(arguments: [
        Mistake(nil, "PICTURE_MISSING", "picture", "the request has no picture; set one of data, path and raw"),
        Mistake(.data([]), "PICTURE_EMPTY", "data", "data is empty; it must hold a JPEG or PNG file"),
        Mistake(.path(""), "PATH_EMPTY", "path", "path is empty; it must name a JPEG or PNG file"),
        Mistake(.path("a.jpg"), "PATH_NOT_ABSOLUTE", "path",
                "path \"a.jpg\" is not absolute, and the host's working directory need not be the caller's"),
        Mistake(.path("/" + String(repeating: "x", count: 5000)), "PATH_MALFORMED", "path", "path is longer than 4095 bytes or contains a NUL"),
        Mistake(Mistake.raw(0, 1, .gray8, 0), "FIELD_OUT_OF_RANGE", "raw.width", "raw.width is 0"),
        Mistake(Mistake.raw(1, 0, .gray8, 0), "FIELD_OUT_OF_RANGE", "raw.height", "raw.height is 0"),
        Mistake(Mistake.raw(1, 1, .unspecified, 1), "FIELD_MISSING", "raw.format",
                "raw.format is not set; it must be PIXEL_FORMAT_GRAY8 or PIXEL_FORMAT_RGB8"),
        Mistake(Mistake.raw(1, 1, .init(rawValue: 9), 1), "FIELD_OUT_OF_RANGE", "raw.format",
                "raw.format is 9, which this host does not know; it reads PIXEL_FORMAT_GRAY8 and PIXEL_FORMAT_RGB8"),
        Mistake(Mistake.raw(2, 3, .rgb8, 17), "PICTURE_DIMENSIONS", "raw.pixels", "raw.pixels has 17 bytes; 2 x 3 pixels of 3 bytes need 18 bytes"),
        Mistake(Mistake.raw(.max, .max, .rgb8, 4), "PICTURE_DIMENSIONS", "raw.pixels",
                "raw.pixels has 4 bytes; 4294967295 x 4294967295 pixels of 3 bytes need more bytes than can be counted"),
        Mistake(Mistake.good, options: Proto.FaceOptions(minimumConfidence: .nan), "FIELD_OUT_OF_RANGE", "options.minimum_confidence",
                "options.minimum_confidence is nan; it must be from 0 to 1"),
        Mistake(Mistake.good, options: Proto.FaceOptions(minimumConfidence: -0.5), "FIELD_OUT_OF_RANGE", "options.minimum_confidence",
                "options.minimum_confidence is -0.5; it must be from 0 to 1"),
        Mistake(Mistake.good, options: Proto.FaceOptions(minimumConfidence: .infinity), "FIELD_OUT_OF_RANGE", "options.minimum_confidence",
                "options.minimum_confidence is inf; it must be from 0 to 1"),
        Mistake(Mistake.good, id: String(repeating: "i", count: 1025), "FIELD_TOO_LONG", "request_id",
                "request_id has 1025 bytes; at most 1024 are returned"),
        Mistake(.data(Array("hello, this is not a picture".utf8)), "PICTURE_FORMAT_UNSUPPORTED", "picture", "this is not a JPEG or PNG picture but text"),
        Mistake(.data([0xff, 0xd8]), "PICTURE_TRUNCATED", "picture", "the picture ends within its signature, after 2 bytes"),
    ])
    func aBadRequestIsAnInvalidArgumentThatNamesReasonFieldAndRemedy(mistake: Mistake) async {
        let pair = HostPair()
        let error = await pair.failure(mistake.request)
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason == mistake.reason)
        #expect(error?.field == mistake.field)
        #expect(error?.message == mistake.message)
        await pair.close()
    }

    @Test(arguments: [
        ("/nonexistent/picture.jpg", StatusCode.notFound, "FILE_NOT_FOUND"), ("/", .invalidArgument, "FILE_NOT_REGULAR"),
        ("/dev/null", .invalidArgument, "FILE_NOT_REGULAR"),
    ])
    func aPathThatIsNoReadableFileSaysWhy(path: String, code: StatusCode, reason: String) async {
        let pair = HostPair()
        let error = await pair.failure(Proto.EstimateFaceRequest(picture: .path(path)))
        #expect(error?.code == code)
        #expect(error?.reason == reason)
        #expect(error?.field == "path")
        #expect(error?.message.hasPrefix(path + ": ") == true)
        await pair.close()
    }

    @Test func bytesThatAreNoMessageAreAnInvalidArgument() async {
        let pair = HostPair()
        for method in ["/mien.v1.Estimation/EstimateFace", "/mien.v1.Host/GetInfo", "/grpc.health.v1.Health/Check", "/mien.v1.Diagnostics/Echo"] {
            let error = await pair.failure(method, [0xff, 0xff, 0xff])
            #expect(error?.code == .invalidArgument)
            #expect(error?.reason == "MESSAGE_MALFORMED")
        }
        await pair.close()
    }

    // MARK: Estimators

    @Test func anUnknownEstimatorIsNotFoundAndTheKnownOnesAreListed() async {
        let pair = HostPair([FakeFaces.factory("one"), FakeFaces.factory("two")])
        let error = await pair.failure(.gray(estimator: "three"))
        #expect(error?.code == .notFound)
        #expect(error?.message == "no estimator \"three\"; there are: one, two")
        #expect(error?.reason == "ESTIMATOR_UNKNOWN")
        #expect(error?.field == "estimator")
        await pair.close()
    }

    @Test func anEstimatorOfAnotherModalityIsAnInvalidArgument() async {
        let pair = HostPair([FakeFaces.factory("ears", modality: .voice), FakeFaces.factory("eyes")])
        let error = await pair.failure(.gray(estimator: "ears"))
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "estimator \"ears\" works on voice, this method on face")
        #expect(error?.reason == "ESTIMATOR_MODALITY")
        await pair.close()
    }

    @Test func theFirstEstimatorOfAModalityIsItsDefault() async throws {
        let pair = HostPair([FakeFaces.factory("ears", modality: .voice), FakeFaces.factory("eyes"), FakeFaces.factory("others")])
        let answer = try await pair.client.estimateFace(.gray())
        #expect(answer.message.estimates.first?.madeBy?.estimator == "eyes")
        await pair.close()
    }

    @Test func aHostWithoutAnEstimatorSaysSo() async {
        let pair = HostPair([])
        let error = await pair.failure(.gray())
        #expect(error?.code == .unimplemented)
        #expect(error?.message == "this host has no face estimator")
        await pair.close()
    }

    @Test func aMissingModelIsAFailedPreconditionWithTheCommandThatHelpsAndIsLookedForAgain() async throws {
        let models = FakeModels(missing: ["net"])
        let pair = HostPair([FakeFaces.factory(models: ["net"])], models: models)
        let error = await pair.failure(.gray())
        #expect(error?.code == .failedPrecondition)
        #expect(error?.reason == "MODEL_MISSING")
        #expect(error?.message == "model net is missing; run: mien models pull net")
        #expect(error?.facts == [MetadataEntry("model", "net")])
        models.install("net")
        _ = try await pair.client.estimateFace(.gray())
        await pair.close()
    }

    @Test func anEstimatorThatIsSetUpWronglySaysWhatIsWrongAndIsTriedAgain() async throws {
        let tries = Counter(), description = FakeFaces.description("fake")
        let factory = EstimatorFactory(description: description) { _ in
            tries.increment()
            if tries.value == 1 { throw EstimatorUnusable("/plugins/face.onnx has two inputs") }
            return FakeFaces(description: description) { picture, _, _ in FakeFaces.answer(picture) }
        }
        let pair = HostPair([factory])
        let error = await pair.failure(.gray())
        #expect(error?.code == .failedPrecondition && error?.reason == "ESTIMATOR_UNUSABLE")
        #expect(error?.message == "estimator fake cannot be used: /plugins/face.onnx has two inputs")
        #expect(try await pair.client.estimators().map(\.stateDetail) == ["estimator fake cannot be used: /plugins/face.onnx has two inputs"])
        _ = try await pair.client.estimateFace(.gray())
        #expect(try await pair.client.estimators().map(\.state) == [.ready])
        await pair.close()
    }

    @Test func scoresThatAreNotFiniteAreToldToTheCaller() async throws {
        let pair = HostPair([FakeFaces.factory { _, _, _ in throw ScoresNotFinite("no number for any face") }])
        let error = await pair.failure(.gray())
        #expect(error?.code == .internalError && error?.reason == "SCORES_NOT_FINITE" && error?.message == "no number for any face")
        await pair.close()
    }

    @Test func concurrentCallersShareOneLoad() async throws {
        let loads = Counter(), gate = Gate()
        let pair = HostPair([FakeFaces.factory(loads: loads, loading: gate)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await pair.client.estimateFace(.gray()) } }
            await gate.someoneWaits()
            gate.open()
            try await group.waitForAll()
        }
        #expect(loads.value == 1)
        await pair.close()
    }

    struct Secret: Error { var path = "/home/somebody/secret" }

    @Test func aDefectOfAnEstimatorIsInternalAndItsDetailsGoToTheLogAlone() async {
        let log = HostLog(level: 7, descriptor: -1)
        let lines = log.watch(level: 6)
        let pair = HostPair([FakeFaces.factory { _, _, _ in throw Secret() }], log: log)
        let error = await pair.failure(.gray())
        #expect(error?.code == .internalError)
        #expect(error?.reason == "INTERNAL_DEFECT")
        #expect(error?.message.contains("secret") == false)
        await pair.close()
        var logged = ""
        for await line in lines { logged += line.message }
        #expect(logged.contains("/home/somebody/secret"))
    }

    @Test func anEstimatorThatFailsToLoadIsInternalAndUnavailableAfterwards() async {
        let description = FakeFaces.description("broken")
        let pair = HostPair([EstimatorFactory(description: description) { _ in throw Secret() }])
        let error = await pair.failure(.gray())
        #expect(error?.code == .internalError)
        #expect(error?.reason == "ESTIMATOR_LOAD_FAILED")
        #expect(error?.message.contains("secret") == false)
        #expect(pair.host.registry.stage("broken") == .unavailable("estimator broken failed to load; the host's log has the cause"))
        await pair.close()
    }

    // MARK: Cancellation, deadlines, limits

    @Test func aDeadlineEndsTheCallAndReachesTheComputation() async {
        let started = Gate(), noticed = Gate()
        let pair = HostPair([
            FakeFaces.factory { _, _, context in
                started.open()
                while !context.isCancelled {}
                noticed.open()
                throw CancellationError()
            }
        ])
        // On a busy machine a deadline may pass before the computation begins; then a later one has to show it.
        var milliseconds = 50
        repeat {
            let timeout = Duration.milliseconds(milliseconds)
            await #expect { try await pair.client.estimateFace(.gray(), timeout: timeout) } throws: { ($0 as? CallError)?.code == .deadlineExceeded }
            milliseconds = min(milliseconds * 10, 5000)
        } while !started.isOpened
        await noticed.opened()
        await pair.close()
    }

    @Test func aCancelReachesTheComputation() async {
        let started = Gate(), noticed = Gate()
        let pair = HostPair([
            FakeFaces.factory { _, _, context in
                started.open()
                while !context.isCancelled {}
                noticed.open()
                throw CancellationError()
            }
        ])
        let task = Task { try await pair.client.estimateFace(.gray()) }
        await started.opened()
        task.cancel()
        let result = await task.result
        #expect(throws: (any Error).self) { try result.get() }
        await noticed.opened()
        await pair.close()
    }

    @Test func beyondTheBytesThatMayWaitAPictureIsRefusedAndCanComeAgain() async throws {
        let gate = Gate()
        let pair = HostPair([FakeFaces.factory { picture, _, _ in gate.wait(); return FakeFaces.answer(picture) }]) { $0.waitingBytes = 6 }
        let first = Task { try await pair.client.estimateFace(.gray()) }
        await gate.someoneWaits()
        let error = await pair.failure(.gray())
        #expect(error?.code == .resourceExhausted)
        #expect(error?.reason == "HOST_BUSY")
        gate.open()
        _ = try await first.value
        _ = try await pair.client.estimateFace(.gray())
        await pair.close()
    }
}
