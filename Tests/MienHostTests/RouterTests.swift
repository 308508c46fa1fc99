@testable import MienHost
import MienWire
import Testing

@Suite struct RouterTests {
    var router: Router {
        var router = Router(log: HostLog(descriptor: -1))
        router.add("a.v1.One", ["First": .immediate { _, bytes in bytes }, "Second": .immediate { _, bytes in bytes }])
        router.add("a.v1.Two", ["Only": .immediate { _, bytes in bytes }])
        return router
    }

    @Test func findsAMethod() throws {
        _ = try router.handler("/a.v1.One/First")
        _ = try router.handler("/a.v1.Two/Only")
    }

    @Test func anUnknownServiceIsNamedAndTheKnownOnesListed() {
        let error = #expect(throws: CallError.self) { try router.handler("/a.v1.Three/First") }
        #expect(error == CallError(.unimplemented, "no service \"a.v1.Three\"; there are: a.v1.One, a.v1.Two", reason: "SERVICE_UNKNOWN"))
    }

    @Test func anUnknownMethodIsNamedAndItsNeighboursListed() {
        let error = #expect(throws: CallError.self) { try router.handler("/a.v1.One/Third") }
        #expect(error == CallError(.unimplemented, "service a.v1.One has no method \"Third\"; it has: First, Second", reason: "METHOD_UNKNOWN"))
    }

    @Test(arguments: ["", "/", "//", "a.v1.One/First", "/a.v1.One", "/a.v1.One/", "//First", "/a.v1.One/First/", "/a.v1.One/First/x", "a/b/c"])
    func aPathOfAnotherFormIsAnInvalidArgument(path: String) {
        let error = #expect(throws: CallError.self) { try router.handler(path) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason == "METHOD_PATH_MALFORMED")
    }

    @Test func hostilePathsAreShownCutAndWithoutControlCharacters() {
        let error = #expect(throws: CallError.self) { try router.handler("/\u{1b}[2J\n" + String(repeating: "x", count: 100_000) + "/M") }
        #expect((error?.message.utf8.count ?? 0) < 400)
        #expect(error?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
    }
}
