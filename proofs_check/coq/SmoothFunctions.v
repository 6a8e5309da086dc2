(* L4 for functions of one variable with |phi''| <= L, and for three of the test functions, each with L = 2:
       x^2/(1+x^2),   ln(1+x^2),   1 - exp(-x^2). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Smoothness.
Local Open Scope R_scope.

Lemma derivable_pt_lim_is f x l l' : derivable_pt_lim f x l -> l = l' -> derivable_pt_lim f x l'.
Proof. intros H E. rewrite <- E. exact H. Qed.

Section Lipschitz.
Variables (phi phi1 : R -> R) (L : R).
Hypothesis L_pos : 0 <= L.
Hypothesis D1 : forall x, derivable_pt_lim phi x (phi1 x).
Hypothesis lipschitz : forall x y, Rabs (phi1 y - phi1 x) <= L * Rabs (y - x).

Lemma lipschitz_smooth : smooth 1 (fun y => phi (y O)) (fun y _ => phi1 (y O)) L.
Proof.
  constructor; [auto | |].
  - intros x h. set (c := x O). set (e := h O).
    apply (derivable_pt_lim_is _ _ (phi1 (c + 0 * e) * (0 + (1 * e + 0 * 0)))).
    2:{ unfold dot. simpl. fold c e. replace (c + 0 * e) with c by ring. ring. }
    apply (derivable_pt_lim_comp (fun s => c + s * e) phi); [|apply D1].
    apply (derivable_pt_lim_plus (fun _ => c) (fun s => s * e)); [apply derivable_pt_lim_const|].
    apply (derivable_pt_lim_mult (fun s => s) (fun _ => e)); [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
  - intros x y. unfold sqn. simpl. rewrite !Rplus_0_l, <- Rsqr_mult. apply Rsqr_le_abs_1.
    rewrite Rabs_mult, (Rabs_right L) by lra. apply lipschitz.
Qed.

Lemma lipschitz_descent x y : phi y <= phi x + phi1 x * (y - x) + L / 2 * (y - x)².
Proof.
  pose proof (descent 1 _ _ L (fun _ => x) (fun _ => y - x) lipschitz_smooth) as H. simpl in H.
  unfold dot, sqn in H. simpl in H. replace (x + (y - x)) with y in H by ring. lra.
Qed.
End Lipschitz.

Section Scalar.
Variables (phi phi1 phi2 : R -> R) (L : R).
Hypothesis L_pos : 0 <= L.
Hypothesis D1 : forall x, derivable_pt_lim phi x (phi1 x).
Hypothesis D2 : forall x, derivable_pt_lim phi1 x (phi2 x).
Hypothesis bounded : forall x, Rabs (phi2 x) <= L.

Lemma slope_lipschitz x y : Rabs (phi1 y - phi1 x) <= L * Rabs (y - x).
Proof.
  assert (H : forall x y, x < y -> Rabs (phi1 y - phi1 x) <= L * Rabs (y - x)).
  { intros u v Huv. destruct (MVT_cor2 phi1 phi2 u v Huv ltac:(auto)) as (c & Hc & _).
    rewrite Hc, Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos | apply bounded]. }
  destruct (Rtotal_order x y) as [Hxy | [Hxy | Hxy]]; [apply H; auto | subst; rewrite !Rminus_eq_0, Rabs_R0; lra |].
  rewrite (Rabs_minus_sym (phi1 y)), (Rabs_minus_sym y). apply H; auto.
Qed.

Lemma scalar_smooth : smooth 1 (fun y => phi (y O)) (fun y _ => phi1 (y O)) L.
Proof. apply lipschitz_smooth; auto using slope_lipschitz. Qed.

Lemma scalar_descent x y : phi y <= phi x + phi1 x * (y - x) + L / 2 * (y - x) ^ 2.
Proof. rewrite <- Rsqr_pow2. apply lipschitz_descent; auto using slope_lipschitz. Qed.
End Scalar.

Lemma square_derivative x : derivable_pt_lim (fun x => 1 + x²) x (2 * x).
Proof.
  replace (2 * x) with (0 + 2 * x) by ring.
  apply (derivable_pt_lim_plus (fun _ => 1) Rsqr); [apply derivable_pt_lim_const | apply derivable_pt_lim_Rsqr].
Qed.

Lemma den_pos x : 0 < 1 + x².
Proof. pose proof (Rle_0_sqr x). lra. Qed.

Lemma linear_derivative x : derivable_pt_lim (fun x => 2 * x) x 2.
Proof.
  apply (derivable_pt_lim_is _ _ (2 * 1)); [|ring].
  apply (derivable_pt_lim_scal (fun x => x) 2 x 1), derivable_pt_lim_id.
Qed.

Theorem smoothness_log x y :
  ln (1 + y * y) <= ln (1 + x * x) + 2 * x / (1 + x * x) * (y - x) + 2 / 2 * (y - x) ^ 2.
Proof.
  apply (scalar_descent (fun x => ln (1 + x²)) (fun x => 2 * x / (1 + x²)) (fun x => (2 - 2 * x²) / (1 + x²)²));
    [lra | | |].
  - intros z. pose proof (den_pos z) as P.
    apply (derivable_pt_lim_is _ _ (/ (1 + z²) * (2 * z))); [|field; lra].
    apply (derivable_pt_lim_comp (fun x => 1 + x²) ln); [apply square_derivative | apply derivable_pt_lim_ln; auto].
  - intros z. pose proof (den_pos z) as P.
    apply (derivable_pt_lim_is _ _ ((2 * (1 + z²) - 2 * z * (2 * z)) / (1 + z²)²)); [|unfold Rsqr in *; field; lra].
    apply (derivable_pt_lim_div (fun x => 2 * x) (fun x => 1 + x²));
      [apply linear_derivative | apply square_derivative | lra].
  - intros z. pose proof (den_pos z) as P. pose proof (Rle_0_sqr z) as Q.
    assert (P2 : 0 < (1 + z²)²) by (apply Rsqr_pos_lt; lra).
    apply Rabs_le; split; apply Rmult_le_reg_r with ((1 + z²)²); auto; unfold Rdiv; rewrite ?Rmult_assoc, Rinv_l by lra;
      unfold Rsqr in *; nra.
Qed.

Theorem smoothness_ratio x y :
  y * y / (1 + y * y) <= x * x / (1 + x * x) + 2 * x / (1 + x * x) ^ 2 * (y - x) + 2 / 2 * (y - x) ^ 2.
Proof.
  replace ((1 + x * x) ^ 2) with ((1 + x²)²) by (unfold Rsqr; ring).
  apply (scalar_descent (fun x => x² / (1 + x²)) (fun x => 2 * x / (1 + x²)²)
    (fun x => (2 - 6 * x²) / ((1 + x²)² * (1 + x²)))); [lra | | |].
  - intros z. pose proof (den_pos z) as P.
    apply (derivable_pt_lim_is _ _ ((2 * z * (1 + z²) - 2 * z * z²) / (1 + z²)²)); [|unfold Rsqr in *; field; lra].
    apply (derivable_pt_lim_div Rsqr (fun x => 1 + x²)); [apply derivable_pt_lim_Rsqr | apply square_derivative | lra].
  - intros z. pose proof (den_pos z) as P.
    apply (derivable_pt_lim_is _ _ ((2 * (1 + z²)² - 2 * (1 + z²) * (2 * z) * (2 * z)) / ((1 + z²)²)²));
      [|unfold Rsqr in *; field; lra].
    apply (derivable_pt_lim_div (fun x => 2 * x) (fun x => (1 + x²)²));
      [apply linear_derivative | | apply Rgt_not_eq, Rsqr_pos_lt; lra].
    apply (derivable_pt_lim_comp (fun x => 1 + x²) Rsqr); [apply square_derivative | apply derivable_pt_lim_Rsqr].
  - intros z. pose proof (den_pos z) as P. pose proof (Rle_0_sqr z) as Q.
    assert (P3 : 0 < (1 + z²)² * (1 + z²)) by (apply Rmult_lt_0_compat; auto; apply Rsqr_pos_lt; lra).
    apply Rabs_le; split; apply Rmult_le_reg_r with ((1 + z²)² * (1 + z²)); auto; unfold Rdiv;
      rewrite ?(Rmult_assoc _ (/ _)), Rinv_l by lra; generalize dependent (z²); intros u; intros; unfold Rsqr; nra.
Qed.

Theorem smoothness_exponential x y :
  1 - exp (- (y * y)) <= 1 - exp (- (x * x)) + 2 * x * exp (- (x * x)) * (y - x) + 2 / 2 * (y - x) ^ 2.
Proof.
  assert (E : forall z, derivable_pt_lim (fun x => exp (- x²)) z (exp (- z²) * - (2 * z))).
  { intros z. apply (derivable_pt_lim_comp (fun x => - x²) exp); [|apply derivable_pt_lim_exp].
    apply derivable_pt_lim_opp, derivable_pt_lim_Rsqr. }
  apply (scalar_descent (fun x => 1 - exp (- x²)) (fun x => 2 * x * exp (- x²))
    (fun x => (2 - 4 * x²) * exp (- x²))); [lra | | |].
  - intros z. apply (derivable_pt_lim_is _ _ (0 - exp (- z²) * - (2 * z))); [|ring].
    apply (derivable_pt_lim_minus (fun _ => 1)); [apply derivable_pt_lim_const | apply E].
  - intros z. apply (derivable_pt_lim_is _ _ (2 * exp (- z²) + 2 * z * (exp (- z²) * - (2 * z)))); [|unfold Rsqr; ring].
    apply (derivable_pt_lim_mult (fun x => 2 * x) (fun x => exp (- x²))); [apply linear_derivative | apply E].
  - intros z. pose proof (Rle_0_sqr z) as Q. set (u := z²) in *. pose proof (exp_pos (- u)) as P.
    assert (H1 : exp (- u) <= 1) by (rewrite <- exp_0; destruct (Req_dec u 0) as [Z | NZ];
      [rewrite Z, Ropp_0; lra | left; apply exp_increasing; lra]).
    (* 2u - 1 <= e^u *)
    assert (H2 : (2 * u - 1) * exp (- u) <= 1).
    { assert (X : forall a, 1 + a <= exp a)
        by (intros a; destruct (Req_dec a 0) as [Z | NZ]; [rewrite Z, exp_0; lra | left; apply exp_ineq1; auto]).
      assert (Y : 2 * u <= exp u).
      { pose proof (X (u - 1)) as X1. pose proof (X 1) as X2. replace (exp u) with (exp 1 * exp (u - 1))
          by (rewrite <- exp_plus; f_equal; ring). nra. }
      apply Rmult_le_reg_r with (exp u); [apply exp_pos|].
      rewrite Rmult_assoc, <- exp_plus. replace (- u + u) with 0 by ring. rewrite exp_0. lra. }
    apply Rabs_le; split; nra.
Qed.
