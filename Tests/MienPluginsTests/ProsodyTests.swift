import Foundation
import MienEstimation
import MienMessages
import Testing

@testable import MienPlugins

/// The example of a library, compiled from its folder, hears sounds that are known exactly.
@Suite("the prosody plugin", .enabled(if: Compiled.isPossible, "there is no C compiler"), .timeLimit(.minutes(2)))
struct ProsodyTests {
    private static let rate: Float = 16_000

    private func withProsody(_ body: (Compiled) async throws -> Void) async throws {
        let folder = "\(Compiled.repository)/Plugins/Prosody"
        let manifest = try String(contentsOfFile: "\(folder)/plugin.json", encoding: .utf8).replacing("libprosody.so", with: "libprobe.so")
        try await withCompiled(try String(contentsOfFile: "\(folder)/prosody.c", encoding: .utf8), manifest: manifest, body)
    }

    private func hear(_ sound: [Float], _ plugin: Compiled) async throws -> (attributes: [String: Float], warnings: [String]) {
        let reading = try await plugin.ask(sound, estimator: "prosody")
        let read = try PluginReader(plugin.folder.manifest.estimators[0]).read(Proto.PluginReadings(readings: [reading]), count: 1)[0]
        for attribute in read.attributes { #expect(attribute.value >= attribute.scale.minimum && attribute.value <= attribute.scale.maximum, "\(attribute)") }
        return (Dictionary(uniqueKeysWithValues: read.attributes.map { ($0.attribute, $0.value) }), read.warnings.map(\.reason))
    }

    /// A sum of harmonics whose pitch is `pitch(t)`.
    private static func tone(seconds: Float, level: Float = 0.3, harmonics: Int, _ pitch: (Float) -> Float) -> [Float] {
        var phase: Float = 0
        return (0..<Int(seconds * rate)).map { index in
            phase += pitch(Float(index) / rate) / rate
            phase -= phase.rounded(.down)
            return level * (1...harmonics).reduce(0) { $0 + sin(2 * .pi * Float($1) * phase) / Float($1) }
        }
    }

    @Test("hears the pitch of tones within 1 percent, and that they do not shake", arguments: [70, 98, 137.5, 220.3, 311, 440] as [Float], [1, 5])
    func tones(pitch: Float, harmonics: Int) async throws {
        try await withProsody { plugin in
            let heard = try await hear(Self.tone(seconds: 1.5, harmonics: harmonics) { _ in pitch }, plugin)
            let mean = try #require(heard.attributes["Mean pitch"]), jitter = try #require(heard.attributes["Jitter"]), range = try #require(heard.attributes["Pitch range"])
            #expect(abs(mean / pitch - 1) < 0.01, "\(mean)")
            #expect(jitter < 0.1 && range < 0.1 && heard.attributes["Voiced share"]! > 0.98 && heard.warnings.isEmpty, "\(heard)")
        }
    }

    @Test("hears how loud a sine is") func level() async throws {
        try await withProsody { plugin in
            for level in [1, 0.1, 0.01] as [Float] {
                let heard = try #require(try await hear(Self.tone(seconds: 1, level: level, harmonics: 1) { _ in 200 }, plugin).attributes["Mean level"])
                #expect(abs(heard - (20 * log10(level) - 3.01)) < 0.1, "\(heard)")
            }
        }
    }

    @Test("hears a glide as a range, and a trembling voice as jitter") func movement() async throws {
        try await withProsody { plugin in
            // An octave in two seconds, evenly in semitones.
            let glide = try await hear(Self.tone(seconds: 2, harmonics: 4) { 110 * pow(2, $0 / 2) }, plugin).attributes
            #expect(abs(glide["Pitch range"]! - 12 * 0.9) < 0.4 && abs(glide["Mean pitch"]! / (110 * Float(2).squareRoot()) - 1) < 0.01, "\(glide)")
            // Every 30 ms another pitch, up to 6 percent away.
            let shaky = try await hear(Self.tone(seconds: 2, harmonics: 4) { 150 * (1 + 0.06 * sin(Float(Int($0 / 0.03)) * 2.4)) }, plugin).attributes
            #expect(shaky["Jitter"]! > 0.5 && shaky["Jitter"]! < 10, "\(shaky)")
        }
    }

    @Test("hears nothing voiced in silence and noise") func unvoiced() async throws {
        try await withProsody { plugin in
            var state: UInt32 = 1
            let noise = (0..<16_000).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 24) * 0.6 - 0.3
            }
            for (sound, level) in [([Float](repeating: 0, count: 16_000), -80), ([0], -80), (noise, -15.2)] as [([Float], Float)] {
                let heard = try await hear(sound, plugin)
                #expect(heard.attributes["Mean pitch"] == nil && heard.attributes["Jitter"] == nil && heard.attributes["Voiced share"] == 0, "\(heard)")
                #expect(abs(heard.attributes["Mean level"]! - level) < 0.2 && heard.warnings == ["NOTHING_VOICED"], "\(heard)")
            }
        }
    }

    @Test("counts voiced frames among those with sound") func halves() async throws {
        try await withProsody { plugin in
            let tone = Self.tone(seconds: 1, harmonics: 3) { _ in 150 }, silence = [Float](repeating: 0, count: 16_000)
            let heard = try await hear(tone + silence, plugin).attributes
            #expect(heard["Voiced share"]! > 0.95 && abs(heard["Mean pitch"]! - 150) < 1.5, "\(heard)")
        }
    }

    @Test("passes the trial that every plugin can be put to") func trial() async throws {
        try await withProsody { plugin in
            let endpoint = plugin.endpoint, estimator = plugin.folder.manifest.estimators[0]
            let trial = try PluginTrial(estimator, endpoint)
            #expect(trial.batch == 8)
        }
    }
}
