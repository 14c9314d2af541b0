package io.github.t6j.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The environment variables, as Hugging Face's Python library documents them. */
class HubSettingsTest {
    private static HubSettings settings(String... variables) {
        Map<String, String> environment = new HashMap<>(Map.of("HOME", "/home/me"));
        for (String variable : variables) {
            environment.put(variable.replaceFirst("=.*", ""), variable.replaceFirst("[^=]*=", ""));
        }
        return new HubSettings(environment);
    }

    @ParameterizedTest
    @DisabledOnOs(OS.WINDOWS)
    @CsvSource(delimiter = '|', textBlock = """
            X=                                         | /home/me/.cache/huggingface/hub
            XDG_CACHE_HOME=/c                          | /c/huggingface/hub
            HF_HOME=/h XDG_CACHE_HOME=/c               | /h/hub
            HF_HOME=~/h                                | /home/me/h/hub
            HF_HOME=$D/h D=/d                          | /d/h/hub
            HF_HOME=${D}h D=/d                         | /dh/hub
            HF_HOME=/$E                                | /$E/hub
            HUGGINGFACE_HUB_CACHE=/old HF_HOME=/h      | /old
            HF_HUB_CACHE=/new HUGGINGFACE_HUB_CACHE=/o | /new
            """)
    void theCacheIsWherePythonHasIt(String variables, String cache) {
        assertThat(settings(variables.split(" ")).cache()).isEqualTo(Path.of(cache));
    }

    @Test
    void theEndpointHasNoSlashAtItsEnd() throws IOException {
        assertThat(settings().endpoint()).hasToString("https://huggingface.co");
        assertThat(settings("HF_ENDPOINT=http://x:1/hf//").endpoint()).hasToString("http://x:1/hf");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "ftp://x", "https://", "http://me@x", "http://x?a", "http://a b"})
    void anEndpointThatIsNoAddressIsRejected(String wrong) {
        assertThatThrownBy(() -> settings("HF_ENDPOINT=" + wrong).endpoint()).isInstanceOf(HubException.class)
                .hasMessageStartingWith("HF_ENDPOINT: expected an address");
    }

    @Test
    void offlineIsAsPythonReadsIt() {
        assertThat(settings().offline()).isFalse();
        assertThat(settings("HF_HUB_OFFLINE=0").offline()).isFalse();
        assertThat(settings("HF_HUB_OFFLINE=true").offline()).isTrue();
        assertThat(settings("TRANSFORMERS_OFFLINE=yes").offline()).isTrue();
    }

    @Test
    void theTokenIsTheVariableElseTheFile(@TempDir Path home) throws IOException {
        String here = "HF_HOME=" + home;
        assertThat(settings(here).token()).isNull();
        Path file = Files.writeString(home.resolve("token"), " hf_file\r\n");
        assertThat(settings(here).token()).isEqualTo("hf_file");
        assertThat(settings(here, "HF_TOKEN= ").token()).isEqualTo("hf_file");
        assertThat(settings(here, "HF_TOKEN=hf_1").token()).isEqualTo("hf_1");
        assertThat(settings(here, "HUGGING_FACE_HUB_TOKEN=hf_2").token()).isEqualTo("hf_2");
        assertThat(settings(here, "HF_TOKEN=hf_1", "HF_HUB_DISABLE_IMPLICIT_TOKEN=1").token()).isNull();
        assertThat(settings("HF_TOKEN_PATH=" + file).token()).isEqualTo("hf_file");
        Files.writeString(file, "hf_a b");
        assertThatThrownBy(() -> settings(here).token()).hasMessageStartingWith(file.toString())
                .hasMessageContaining("expected a token").message().doesNotContain("hf_a");
    }
}
