/** Models of t6j as chat models of Spring AI, in the same process, and their auto-configuration for Spring Boot. */
package io.github.t6j.springai;
