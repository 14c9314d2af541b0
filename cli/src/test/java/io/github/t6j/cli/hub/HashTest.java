package io.github.t6j.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hashes that {@code sha256sum} and {@code git hash-object} print. */
class HashTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            ""      | e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
            ""      | e69de29bb2d1d6434b8b29ae775ad8c2e48c5391
            "hello" | 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
            "hello" | b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0
            """)
    void isOfTheBlobsName(String text, String id) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        Hash hash = new Hash(new RemoteFile("x", bytes.length, id));
        hash.update(bytes, bytes.length);
        assertThat(hash.end()).isEqualTo(id);
        hash.restart();
        hash.update(new byte[] {1}, 1);
        assertThat(hash.end()).isNotEqualTo(id).hasSameSizeAs(id);
    }
}
