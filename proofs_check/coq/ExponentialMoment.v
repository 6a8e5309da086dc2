(* The step of T5hp: g a random variable with |g| <= G, G > 0, m = E g, b = a + w g^2, lam = sqrt(w)/(4G). Then
       E exp(lam (m^2/sqrt(E b) - m g/sqrt(b) - G sqrt(w) g^2/b)) <= 1.

   With psi = sqrt(w) g/sqrt(b) in (-1, 1), M = m/G and U = sqrt(w) m^2/(G sqrt(E b)) in [0, 1] the exponent is
   (U - M psi - psi^2)/4 <= 5/16, its square is at most (U^2 - 2 U M psi + (4 - 2U) psi^2)/16, and
   e^x <= 1 + x + (3/5) x^2 for x <= 1/3. L1 at (1, 2/5) is M E psi >= U - (2/5) E psi^2. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Expectation Decoupling.
Local Open Scope R_scope.

Lemma exp_above_tangent x : 1 + x <= exp x.
Proof.
  destruct (Req_dec x 0) as [-> | H]; [rewrite exp_0; lra|]. left. apply exp_ineq1. auto.
Qed.

(* ln(1 + x + (3/5) x^2) - x has the derivative x (1 - 3x)/(5 (1 + x + (3/5) x^2)). *)
Lemma exp_below_parabola x : x <= 1 / 3 -> exp x <= 1 + x + 3 / 5 * x².
Proof.
  intros Hx. set (q := fun y => 1 + y + 3 / 5 * y²).
  assert (Pq : forall y, 0 < q y) by (intros y; unfold q, Rsqr; nra).
  set (f := fun y => ln (q y) - y). set (f' := fun y => / q y * (1 + 6 / 5 * y) - 1).
  assert (D : forall y, derivable_pt_lim f y (f' y)).
  { intros y. unfold f, f'. apply derivable_pt_lim_minus; [|apply derivable_pt_lim_id].
    apply (derivable_pt_lim_comp q ln y (1 + 6 / 5 * y) (/ q y)); [|apply derivable_pt_lim_ln, Pq].
    unfold q. replace (1 + 6 / 5 * y) with (0 + 1 + 3 / 5 * (2 * y)) by field.
    apply derivable_pt_lim_plus; [apply derivable_pt_lim_plus; [apply derivable_pt_lim_const | apply derivable_pt_lim_id]|].
    apply derivable_pt_lim_scal, derivable_pt_lim_Rsqr. }
  assert (F0 : f 0 = 0) by (unfold f, q, Rsqr; replace (1 + 0 + 3 / 5 * (0 * 0)) with 1 by ring; rewrite ln_1; ring).
  assert (S : forall c, f' c = / q c * (1 / 5 * c * (1 - 3 * c))).
  { intros c. unfold f'. pose proof (Pq c). unfold q, Rsqr in *. field. lra. }
  assert (H : 0 <= f x).
  { destruct (Rtotal_order x 0) as [N | [-> | P]]; [| lra |].
    - destruct (MVT_cor2 f f' x 0 N ltac:(intros; apply D)) as (c & E & Hc). rewrite F0, S in E.
      assert (Z : 0 <= / q c * (1 / 5 * - c * (1 - 3 * c)))
        by (apply Rmult_le_pos; [left; apply Rinv_0_lt_compat, Pq | apply Rmult_le_pos; lra]).
      assert (0 <= / q c * (1 / 5 * - c * (1 - 3 * c)) * - x) by (apply Rmult_le_pos; lra). lra.
    - destruct (MVT_cor2 f f' 0 x P ltac:(intros; apply D)) as (c & E & Hc). rewrite F0, S in E.
      assert (Z : 0 <= / q c * (1 / 5 * c * (1 - 3 * c)))
        by (apply Rmult_le_pos; [left; apply Rinv_0_lt_compat, Pq | apply Rmult_le_pos; lra]).
      assert (0 <= / q c * (1 / 5 * c * (1 - 3 * c)) * x) by (apply Rmult_le_pos; lra). lra. }
  unfold f in H. fold (q x). rewrite <- (exp_ln (q x)) by apply Pq.
  destruct (Req_dec x (ln (q x))) as [<- | Hn]; [lra | left; apply exp_increasing; lra].
Qed.

(* The mean of exponentials, from above. *)
Lemma exp_of_mean d y : (0 < d)%nat -> exp (/ INR d * sum d y) <= / INR d * sum d (fun i => exp (y i)).
Proof.
  intros Hd. assert (Pd : 0 < INR d) by (apply lt_0_INR; auto). set (m := / INR d * sum d y).
  assert (H : exp m * sum d (fun i => 1 + (y i - m)) <= sum d (fun i => exp (y i))).
  { rewrite <- sum_scal. apply sum_le. intros i _. replace (y i) with (m + (y i - m)) at 2 by ring. rewrite exp_plus.
    apply Rmult_le_compat_l; [left; apply exp_pos | apply exp_above_tangent]. }
  rewrite sum_plus, sum_minus, !sum_const in H.
  replace (INR d * 1 + (sum d y - INR d * m)) with (INR d) in H by (unfold m; field; lra).
  apply Rmult_le_reg_l with (INR d); [auto|]. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra. lra.
Qed.

Section Moment.
Variables (n : nat) (p g : nat -> R) (G a w : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis G_pos : 0 < G.
Hypothesis a_pos : 0 < a.
Hypothesis w_pos : 0 < w.
Hypothesis g_bnd : forall k, (k < n)%nat -> Rabs (g k) <= G.

Definition excess (k : nat) : R := (Ex n p g)² / sqrt (a + w * Ex n p (fun k => (g k)²))
  - Ex n p g * g k / sqrt (a + w * (g k)²) - G * sqrt w * ((g k)² / (a + w * (g k)²)).

Let m := Ex n p g.
Let Eb := a + w * Ex n p (fun k => (g k)²).
Let b k := a + w * (g k)².
Let psi k := sqrt w * g k / sqrt (b k).
Let M := m / G.
Let U := sqrt w * m² / (G * sqrt Eb).
Let Q := Ex n p (fun k => (psi k)²).

Local Lemma root_w : 0 < sqrt w /\ sqrt w * sqrt w = w.
Proof. split; [apply sqrt_lt_R0; auto | apply sqrt_sqrt; lra]. Qed.

Local Lemma b_pos k : 0 < b k.
Proof. pose proof (Rle_0_sqr (g k)). unfold b. assert (0 <= w * (g k)²) by (apply Rmult_le_pos; lra). lra. Qed.

Local Lemma psi_square k : (psi k)² = w * ((g k)² / b k).
Proof.
  pose proof (b_pos k) as Pb. pose proof (sqrt_lt_R0 _ Pb) as Ps. destruct root_w as [Pw Ew]. unfold psi.
  rewrite <- Ew at 2. rewrite <- (sqrt_sqrt (b k)) at 2 by lra. unfold Rsqr. field. lra.
Qed.

Local Lemma psi_small k : -1 <= psi k <= 1.
Proof.
  assert (H : (psi k)² <= 1²).
  { rewrite psi_square. pose proof (b_pos k) as Pb. apply Rmult_le_reg_r with (b k); [auto|].
    replace (w * ((g k)² / b k) * b k) with (w * (g k)²) by (field; lra). rewrite Rsqr_1. unfold b. lra. }
  apply Rsqr_le_abs_0 in H. rewrite Rabs_R1 in H. pose proof (Rle_abs (psi k)). pose proof (Rle_abs (- psi k)) as X.
  rewrite Rabs_Ropp in X. lra.
Qed.

Local Lemma M_small : -1 <= M <= 1.
Proof.
  pose proof (Ex_abs n p p_pos p_one g G g_bnd) as H. fold m in H.
  assert (- G <= m <= G) by (pose proof (Rle_abs m); pose proof (Rle_abs (- m)) as X; rewrite Rabs_Ropp in X; lra).
  unfold M. split; apply Rmult_le_reg_r with G; auto; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.

Local Lemma Eb_pos : 0 < Eb.
Proof.
  assert (0 <= Ex n p (fun k => (g k)²)) by (apply Ex_nonneg; auto; intros; apply Rle_0_sqr).
  unfold Eb. assert (0 <= w * Ex n p (fun k => (g k)²)) by (apply Rmult_le_pos; lra). lra.
Qed.

(* (E g)^2 <= E g^2, so U <= |M|. *)
Local Lemma U_small : 0 <= U <= 1.
Proof.
  pose proof Eb_pos as PE. pose proof (sqrt_lt_R0 _ PE) as Ps. destruct root_w as [Pw Ew]. pose proof M_small as HM.
  assert (V : 0 <= Ex n p (fun k => (g k - m)²)) by (apply Ex_nonneg; auto; intros; apply Rle_0_sqr).
  assert (EV : Ex n p (fun k => (g k - m)²) = Ex n p (fun k => (g k)²) - m²).
  { rewrite (Ex_ext n p _ (fun k => (g k)² + ((- 2 * m) * g k + m²))) by (intros; unfold Rsqr; ring).
    rewrite Ex_plus, Ex_plus, Ex_scal, Ex_const by auto. fold m. unfold Rsqr. ring. }
  assert (HE : (sqrt w * Rabs m)² <= (sqrt Eb)²).
  { rewrite Rsqr_mult, <- Rsqr_abs, !Rsqr_sqrt by lra. unfold Eb. assert (w * m² <= w * Ex n p (fun k => (g k)²))
      by (apply Rmult_le_compat_l; lra). lra. }
  apply Rsqr_incr_0_var in HE; [|lra]. split.
  - unfold U. apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rle_0_sqr]|].
    left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto.
  - unfold U. apply Rmult_le_reg_r with (G * sqrt Eb); [apply Rmult_lt_0_compat; auto|].
    replace (sqrt w * m² / (G * sqrt Eb) * (G * sqrt Eb)) with (sqrt w * Rabs m * Rabs m)
      by (rewrite (Rsqr_abs m); unfold Rsqr; field; lra).
    rewrite Rmult_1_l, (Rmult_comm G). apply Rmult_le_compat; auto using Rabs_pos.
    + apply Rmult_le_pos; [lra | apply Rabs_pos].
    + apply (Ex_abs n p p_pos p_one g G g_bnd).
Qed.

Local Lemma exponent k : sqrt w / (4 * G) * excess k = / 4 * (U - M * psi k - (psi k)²).
Proof.
  pose proof Eb_pos as PE. pose proof (sqrt_lt_R0 _ PE) as Ps. destruct root_w as [Pw Ew]. pose proof (b_pos k) as Pb.
  pose proof (sqrt_lt_R0 _ Pb). rewrite psi_square. set (r := (g k)² / b k).
  replace (w * r) with (sqrt w * sqrt w * r) by (rewrite Ew; ring). unfold excess, U, M, psi. fold m Eb (b k) r.
  field. lra.
Qed.

Theorem exponential_moment_of_excess : Ex n p (fun k => exp (sqrt w / (4 * G) * excess k)) <= 1.
Proof.
  pose proof U_small as HU. pose proof M_small as HM. destruct root_w as [Pw Ew].
  pose proof Eb_pos as PE. pose proof (sqrt_lt_R0 _ PE) as Ps.
  assert (HQ : 0 <= Q) by (apply Ex_nonneg; auto; intros; apply Rle_0_sqr).
  (* L1 at (1, 2/5) *)
  assert (L1 : U <= M * Ex n p psi + 2 / 5 * Q).
  { pose proof (decoupling_sharp n p g G a w p_pos p_one a_pos w_pos g_bnd) as H.
    unfold decoupled_left, decoupled_right in H. fold m Eb in H.
    apply Rmult_le_compat_l with (r := sqrt w / G) in H; [|left; apply Rdiv_lt_0_compat; auto].
    replace (sqrt w / G * (1 * m² / sqrt Eb)) with U in H by (unfold U; field; lra).
    apply Rle_trans with (1 := H). right. rewrite Rmult_plus_distr_l. f_equal.
    - unfold M, m. fold m. rewrite <- Ex_scal, <- (Ex_scal n p (m / G)). apply Ex_ext. intros k _. unfold psi. fold (b k).
      pose proof (sqrt_lt_R0 _ (b_pos k)). field. lra.
    - unfold Q. rewrite (Ex_ext n p (fun k => (psi k)²) (fun k => w * ((g k)² / b k))) by (intros; apply psi_square).
      rewrite Ex_scal. set (r := Ex n p (fun k => (g k)² / b k)).
      replace (Ex n p (fun k => (g k)² / (a + w * (g k)²))) with r by reflexivity.
      transitivity (2 / 5 * (sqrt w * sqrt w) * r); [field; lra | rewrite Ew; ring]. }
  (* the parabola, and the square of the exponent without powers above 2 *)
  set (c0 := 1 + / 4 * U + 3 / 80 * U²). set (c1 := - (/ 4 * M + 3 / 40 * U * M)).
  set (c2 := - / 4 + 3 / 80 * (4 - 2 * U)).
  apply Rle_trans with (Ex n p (fun k => c0 + (c1 * psi k + c2 * (psi k)²))).
  - apply Ex_le; auto. intros k _. rewrite exponent. pose proof (psi_small k) as Hp. set (y := psi k) in *.
    assert (My : - 1 <= M * y <= 1).
    { assert (0 <= (1 - M) * (1 + y) /\ 0 <= (1 + M) * (1 - y)) by (split; apply Rmult_le_pos; lra).
      assert (0 <= (1 - M) * (1 - y) /\ 0 <= (1 + M) * (1 + y)) by (split; apply Rmult_le_pos; lra). lra. }
    assert (Hx : / 4 * (U - M * y - y²) <= 1 / 3).
    { pose proof (Rle_0_sqr (y + M / 2)). assert (M² <= 1) by (unfold Rsqr; nra). unfold Rsqr in *. lra. }
    apply Rle_trans with (1 := exp_below_parabola _ Hx).
    assert (M2 : M² <= 1) by (unfold Rsqr; nra). assert (Y2 : y² <= 1) by (unfold Rsqr; nra).
    assert (Z : 0 <= y² * (3 - M² - 2 * (M * y) + (1 - y²))).
    { apply Rmult_le_pos; [apply Rle_0_sqr | lra]. }
    unfold c0, c1, c2, Rsqr in *. lra.
  - rewrite Ex_plus, Ex_const, Ex_plus, !Ex_scal by auto. fold Q. unfold c0, c1, c2.
    assert (H : 0 <= (/ 4 + 3 / 40 * U) * (M * Ex n p psi + 2 / 5 * Q - U)) by (apply Rmult_le_pos; lra).
    assert (0 <= U * Q) by (apply Rmult_le_pos; lra). pose proof (Rle_0_sqr U) as U2. unfold Rsqr in *. lra.
Qed.
End Moment.

Theorem exponential_moment n p g G a w : (forall k, (k < n)%nat -> 0 <= p k) -> sum n p = 1 -> 0 < G -> 0 < a -> 0 < w ->
  (forall k, (k < n)%nat -> Rabs (g k) <= G) ->
  Ex n p (fun k => exp (sqrt w / (4 * G) * excess n p g G a w k)) <= 1.
Proof. intros. apply exponential_moment_of_excess; auto. Qed.
