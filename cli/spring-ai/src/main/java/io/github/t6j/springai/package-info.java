/** Models of t6j as chat and embedding models of Spring AI, in one process, and auto-configuration for Spring Boot. */
package io.github.t6j.springai;
