import MienClient
import MienEstimation
@testable import MienHost
import MienMedia
import MienMessages
import MienWire
import Testing

@Suite(.timeLimit(.minutes(3))) struct EstimationStreamTests {
    private func responses(_ pair: HostPair, _ requests: [Proto.EstimateFaceRequest]) async throws -> [Proto.EstimateFaceResponse] {
        let stream = try await pair.client.estimateFaces()
        let sending = Task {
            for request in requests { try await stream.send(request) }
            stream.halfClose()
        }
        var all: [Proto.EstimateFaceResponse] = []
        while let answer = try await stream.next() { all.append(answer) }
        try await sending.value
        return all
    }

    @Test func everyRequestIsAnsweredOnceUnderItsOwnID() async throws {
        let pair = HostPair()
        let answers = try await responses(pair, (0..<200).map { .gray(UInt8($0), id: "r\($0)") })
        #expect(Set(answers.map(\.requestId)) == Set((0..<200).map { "r\($0)" }))
        #expect(answers.count == 200)
        for answer in answers { #expect(answer.estimates[0].categories[0].intensity == Float(answer.requestId.dropFirst())! / 255) }
        await pair.close()
    }

    @Test func aSlowPictureDoesNotHoldUpTheNext() async throws {
        let gate = Gate()
        let pair = HostPair([FakeFaces.factory { picture, _, _ in
            if picture.pixels[0] == 1 { gate.wait() }
            return FakeFaces.answer(picture)
        }])
        let stream = try await pair.client.estimateFaces()
        try await stream.send(.gray(1, id: "slow"))
        try await stream.send(.gray(2, id: "quick"))
        stream.halfClose()
        #expect(try await stream.next()?.requestId == "quick")
        gate.open()
        #expect(try await stream.next()?.requestId == "slow")
        #expect(try await stream.next() == nil)
        await pair.close()
    }

    @Test func aRequestThatFailsIsAnsweredWithItsFailureAndTheStreamGoesOn() async throws {
        let pair = HostPair()
        let answers = try await responses(pair, [
            .gray(1, id: "a"), Proto.EstimateFaceRequest(requestId: "b"), Proto.EstimateFaceRequest(requestId: "c", picture: .path("/nonexistent")),
            .gray(2, id: "d", estimator: "none"), .gray(3, id: "e"),
        ])
        let byID = Dictionary(uniqueKeysWithValues: answers.map { ($0.requestId, $0) })
        #expect(byID["a"]?.failure == nil)
        #expect(byID["b"]?.failure == Proto.Failure(code: 3, message: "the request has no picture; set one of data, path and raw", reason: "PICTURE_MISSING"))
        #expect(byID["c"]?.failure?.code == 5)
        #expect(byID["d"]?.failure?.reason == "ESTIMATOR_UNKNOWN")
        #expect(byID["e"]?.estimates.count == 1)
        await pair.close()
    }

    @Test func bytesThatAreNoMessageEndTheStream() async throws {
        let pair = HostPair()
        let call = try await pair.client.connection.call("/mien.v1.Estimation/EstimateFaces")
        try await call.send([0xff])
        await #expect { _ = try await call.next() } throws: { ($0 as? CallError)?.reason == "MESSAGE_MALFORMED" }
        await pair.close()
    }

    @Test func aCallerThatDoesNotReadIsNotReadFromEither() async throws {
        let worked = Counter()
        let pair = HostPair([FakeFaces.factory { picture, _, _ in worked.increment(); return FakeFaces.answer(picture) }]) {
            $0.limits.callWindowBytes = 4096
        }
        // A window of 64 KiB on our side takes some hundred answers; the host may be a few pictures ahead of that, and no more.
        let stream = try await pair.client.estimateFaces()
        let sending = Task { for index in 0..<200_000 { try await stream.send(.gray(id: String(index))) } }
        var last = -1
        // Until nothing moves any more.
        while worked.value != last {
            last = worked.value
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(last < 50_000)
        sending.cancel()
        stream.cancel()
        await pair.close()
    }

    @Test func theEndOfTheStreamCarriesTheSumOfItsAccount() async throws {
        let pair = HostPair()
        let stream = try await pair.client.estimateFaces()
        try await stream.send(.gray())
        stream.halfClose()
        while try await stream.next() != nil {}
        #expect(stream.trailingMetadata.contains { $0.name == "mien-compute-us" })
        #expect(stream.trailingMetadata.contains(MetadataEntry("mien-kernels", "scalar")))
        await pair.close()
    }

    @Test func cancellingTheStreamCancelsThePicturesOnTheirWay() async throws {
        let started = Gate(), noticed = Gate()
        let pair = HostPair([FakeFaces.factory { _, _, context in
            started.open()
            while !context.isCancelled {}
            noticed.open()
            throw CancellationError()
        }])
        let stream = try await pair.client.estimateFaces()
        try await stream.send(.gray())
        await started.opened()
        stream.cancel()
        await noticed.opened()
        await #expect { while try await stream.next() != nil {} } throws: { ($0 as? CallError)?.code == .cancelled }
        await pair.close()
    }
}
