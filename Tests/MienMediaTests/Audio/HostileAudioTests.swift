import MienMedia
import Testing

@Suite struct HostileAudioTests {
    private static let lossless = ["s16.wav", "s24.wav", "f64.wav", "mu-law.wav", "rf64.wav", "big-endian.wav", "six-channels.wav", "s16.aiff", "f32.aifc",
                                   "s16.flac", "s24.flac"]

    /// What was decoded before the cut is returned and the cut is told, or there is nothing and that is an error.
    @Test(arguments: AudioFixture.names) func truncationIsTold(name: String) throws {
        let bytes = try AudioFixture.bytes(name), whole = outcome(bytes).samples
        for count in Array(0..<80) + Array(stride(from: 80, to: bytes.count - 1, by: max(1, bytes.count / 60))) {
            let (samples, warnings, error) = outcome(Array(bytes[..<count]))
            if let error {
                #expect([.empty, .truncated, .corrupt].contains(error.reason), "\(count) of \(bytes.count): \(error)")
            } else {
                // Only the number of frames in the first frame tells that an MPEG stream goes on.
                if name != "layer-2.mp2" { #expect(!warnings.isEmpty, "\(count) of \(bytes.count)") }
                #expect(samples.count <= whole.count)
                if Self.lossless.contains(name) { #expect(samples.elementsEqual(whole[..<min(samples.count, whole.count)]), "\(count)") }
            }
        }
    }

    @Test(arguments: [
        (Array("\0\0\0\u{18}ftypM4A \0\0\0\0".utf8), "M4A"), (Array("\0\0\0\u{18}ftypisom\0\0\0\0".utf8), "MP4"),
        ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70], "JPEG"),
        (Array("Dear Sir or Madam,\n".utf8), "text"), ([0x1A, 0x45, 0xDF, 0xA3, 0x01, 0, 0, 0], "WebM"), (Array("#!AMR\n".utf8), "AMR"),
        ([0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC], "AAC"), (Array("caff\0\u{1}\0\0".utf8), "CAF"), (Array(".snd\0\0\0\u{18}".utf8), "AU"),
        (Array("RIFF\0\0\0\0AVI LIST".utf8), "AVI"), (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "WebP"),
        (Array("%PDF-1.7".utf8), "PDF"), ([0, 0, 0, 0, 0, 0], "zero bytes"),
        (Array("OggS\0\u{2}".utf8) + Array(repeating: 0, count: 20) + [1, 30] + Array("\u{7F}FLAC\u{1}\0\0".utf8), "FLAC"),
        (Array("OggS\0\u{2}".utf8) + Array(repeating: 0, count: 20) + [1, 30] + Array("Speex   1.2".utf8), "Speex"),
        (Array("PK\u{3}\u{4}".utf8), "ZIP"), ([0xFF, 0xFE, 0x48, 0, 0x65, 0, 0x6C, 0, 0x6C, 0] + Array(repeating: 0, count: 600), "unknown kind"),
    ] as [([UInt8], String)])
    func otherFormatsAreNamed(bytes: [UInt8], name: String) {
        let error = outcome(bytes).error
        #expect(error?.reason == .unsupported)
        #expect(error?.message.contains(name) == true && error?.message.contains("WAV, FLAC") == true, "\(error?.message ?? "decoded")")
    }

    @Test func encodingsWithoutADecoderAreRefused() {
        for tag in [0x31, 0x45, 0x40, 0xFF, 0x1234] {
            let error = outcome(wav(tag: tag, [UInt8](repeating: 0, count: 400))).error
            #expect(error != nil && [.unsupported, .corrupt].contains(error!.reason), "tag \(tag): \(error?.message ?? "decoded")")
        }
    }

    @Test func layoutsOutsideTheLimitsAreRefused() {
        let data = [UInt8](repeating: 0, count: 1 << 12)
        #expect(outcome(wav(channels: 64, data)).error == nil)
        for (channels, rate) in [(65, 16_000), (1024, 16_000), (1, 768_001), (1, 0x7FFF_FFFF)] {
            #expect(outcome(wav(channels: channels, rate: rate, data)).error?.reason == .layout, "\(channels) at \(rate)")
        }
        // libsndfile refuses these itself.
        for (channels, rate) in [(0, 16_000), (65_535, 16_000), (1, 0), (1, -1)] { #expect(outcome(wav(channels: channels, rate: rate, data)).error != nil) }
    }

    /// STREAMINFO states 36 bits of samples; nothing is allocated for them.
    @Test func statedLengthsAreChecked() throws {
        var bytes = try AudioFixture.bytes("s16.flac")
        bytes[21] |= 0x0F
        bytes.replaceSubrange(22..<26, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(outcome(bytes).error?.reason == .tooLong)
        var limits = AudioLimits()
        limits.maximumSeconds = Int.max
        let lying = outcome(bytes, limits)
        #expect(lying.samples == outcome(try AudioFixture.bytes("s16.flac")).samples)
        #expect(lying.warnings.map(\.reason).contains(.truncated))
        limits.maximumSeconds = 0
        #expect(outcome(wav([UInt8](repeating: 0, count: 40_000)), limits).error?.reason == .tooLong)
    }

    /// As ffmpeg, arecord and sox leave it when they write to a pipe.
    @Test(arguments: [0xFFFF_FFFF, 0x8000_0000, 0x7FFF_F024]) func unknownLengthsAreNoTruncation(stated: Int) {
        let (samples, warnings, error) = outcome(wav(statedBytes: stated, [UInt8](repeating: 1, count: 1000)))
        #expect(samples.count == 500 && warnings.isEmpty && error == nil)
    }

    @Test func headersThatClaimMoreThanThereIsAreTruncation() {
        let (samples, warnings, _) = outcome(wav(statedBytes: 1_000_000, [UInt8](repeating: 1, count: 1000)))
        #expect(samples.count == 500)
        #expect(warnings.map(\.reason) == [.truncated])
        #expect(warnings[0].message.contains("999000 bytes"))
        #expect(outcome(wav(statedBytes: 1_000_000, [])).error?.reason == .truncated)
        #expect(outcome(Array("RIFF\u{24}\0\0\0WAVEfmt ".utf8)).error?.reason == .truncated)
    }

    @Test func recordingsWithoutSamplesAreEmptyButNoError() {
        let (samples, warnings, error) = outcome(wav([]))
        #expect(samples.isEmpty && warnings.isEmpty && error == nil)
    }

    @Test func damageInTheMiddleIsTold() throws {
        var bytes = try AudioFixture.bytes("s24.flac")
        for index in (bytes.count / 2)..<(bytes.count / 2 + 40) { bytes[index] = 0xA5 }
        let (samples, warnings, error) = outcome(bytes)
        #expect(error != nil || !warnings.isEmpty, "\(samples.count)")
    }

    @Test(arguments: AudioFixture.names) func flippedBytesNeverCrash(name: String) throws {
        var generator = SeededGenerator(state: 3)
        let bytes = try AudioFixture.bytes(name)
        var limits = AudioLimits()
        limits.maximumSeconds = 60
        for _ in 0..<60 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let (samples, _, _) = outcome(damaged, limits)
            #expect(samples.count <= 64 * 61 * 768_000)
        }
    }

    @Test func noiseAfterASignatureIsRefusedOrHarmless() {
        var generator = SeededGenerator(state: 4)
        let signatures = ["RIFF\0\0\u{1}\0WAVEfmt ", "RF64\0\0\0\0WAVEds64", "FORM\0\0\u{1}\0AIFFCOMM", "fLaC", "OggS\0\u{2}", "ID3\u{4}\0\0\0\0\0\u{5}", ""]
        for signature in signatures + ["\u{FF}\u{FB}\u{90}"] {
            let head = signature.hasPrefix("\u{FF}") ? [0xFF, 0xFB, 0x90] : Array(signature.utf8)
            for _ in 0..<100 {
                let noise = (0..<Int.random(in: 1...800, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let result = outcome(head + noise)
                // Noise may hold a header that is right by chance, but then little sound.
                #expect(result.error != nil || result.samples.count < 1 << 20)
            }
        }
    }
}
